/** How `pnpm screenshots` takes its pictures: in both themes, on a desk and on a phone. */
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { expect } from './test.ts'

const folder = join(import.meta.dirname, '../../screenshots')

export const devices = [
  { device: 'desk', viewport: { width: 1280, height: 900 } },
  { device: 'phone', viewport: { width: 390, height: 844 } },
]

type TakeOptions = {
  /** Of this part alone; of what the window shows when absent. */
  of?: Locator
  /** All of the page, also what one scrolls to. */
  fullPage?: boolean
  /** Work that does not end is what the picture shows. */
  isBusy?: boolean
}

/** Takes it as it is in each theme. */
export async function take(page: Page, name: string, options: TakeOptions = {}): Promise<void> {
  const { of, fullPage = false, isBusy = false } = options
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    if (!isBusy) await expect(page.locator('main [aria-busy=true]')).toHaveCount(0)
    const path = join(folder, `${name}-${colorScheme}.png`)
    await (of === undefined ? page.screenshot({ path, fullPage }) : of.screenshot({ path }))
  }
}
