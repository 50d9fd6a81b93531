/** What axe finds on a page: nothing, in both themes, on a desk and on a phone. */
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect } from './test.ts'

export const viewports = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
]
export const schemes = ['light', 'dark'] as const

/** `what` names the page in its state. */
export async function expectNoFindings(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html }) => html).join('\n  ')}`,
  )
  expect(found, what).toEqual([])
}
