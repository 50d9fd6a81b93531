/** Pictures of every page, light and dark, on a desk and on a phone: `pnpm screenshots` writes them to `apps/web/screenshots`. */
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { connectDevelopmentWallet, fundFromFaucet, pathOf } from './support/demo.ts'
import { expect, open, test } from './support/test.ts'

const folder = join(import.meta.dirname, '../screenshots')

const devices = [
  { device: 'desk', viewport: { width: 1280, height: 900 } },
  { device: 'phone', viewport: { width: 390, height: 844 } },
]

/** Takes it as it is in each theme. */
async function take(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('main [aria-busy=true]')).toHaveCount(0)
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) })
  }
}

for (const { device, viewport } of devices) {
  test(`on a ${device}`, async ({ page }) => {
    test.setTimeout(180_000)
    await page.setViewportSize(viewport)
    const candles = await pathOf(page, 'coinbase_data')
    await open(page, '/')
    await expect(page.locator('[data-check=verified]')).toBeVisible()
    await take(page, `discover-${device}`)
    await open(page, `/d/${candles}`)
    await expect(page.getByText('Description checked with the chain')).toBeVisible()
    await take(page, `dataset-${device}`)
    await open(page, `/d/${candles}?tab=sample`)
    await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 30_000 })
    await take(page, `sample-${device}`)
    await open(page, `/d/${candles}?tab=health`)
    await expect(page.getByText('answers', { exact: true })).toBeVisible({ timeout: 30_000 })
    await take(page, `health-${device}`)
    await open(page, `/console?dataset=${await pathOf(page, 'earthquakes')}`)
    await expect(page.locator('.cm-content')).toContainText('LIMIT 100')
    await page.getByRole('button', { name: /^Run/ }).click()
    await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 30_000 })
    await take(page, `console-${device}`)
    await page.getByRole('tab', { name: 'Chart' }).click()
    await take(page, `chart-${device}`)
    await open(page, '/network')
    await take(page, `network-${device}`)
    await open(page, '/publish')
    await take(page, `publish-${device}`)
    await open(page, '/curator')
    await take(page, `curator-${device}`)
    await open(page, `/d/${candles}`)
    await connectDevelopmentWallet(page)
    await fundFromFaucet(page)
    await page.reload()
    await expect(page.getByRole('button', { name: 'Subscribe', exact: true })).toBeEnabled()
    await take(page, `subscribe-${device}`)
    await open(page, '/subscriptions')
    await take(page, `subscriptions-${device}`)
  })
}
