/** The budgets of a page's first content: compressed JavaScript that it asks for before there is something to read. */
import type { Page } from '@playwright/test'
import { pathOf } from './support/demo.ts'
import { scriptBytesBefore } from './support/scripts-before.ts'
import { expect, test } from './support/test.ts'

type Budget = { what: string; bytes: number; address: (page: Page) => string | Promise<string>; selector: string }

const budgets: readonly Budget[] = [
  { what: 'discover, until the first ranked row', bytes: 60_000, address: () => '/', selector: 'article' },
  {
    what: 'a dataset, until its schema',
    bytes: 75_000,
    address: async (page) => `/d/${await pathOf(page, 'coinbase_data')}`,
    selector: 'main table',
  },
  {
    // The network client alone has 115 kB; the console begins with it.
    what: 'the console and the network client, until one can write SQL',
    bytes: 225_000,
    address: async (page) => `/console?dataset=${await pathOf(page, 'coinbase_data')}`,
    selector: 'textarea[aria-label=SQL]',
  },
]

for (const { what, bytes, address, selector } of budgets) {
  test(`${what}: at most ${bytes / 1000} kB`, async ({ page }) => {
    const counted = await scriptBytesBefore(page, await address(page), selector)
    test.info().annotations.push({ type: 'bytes', description: String(counted) })
    expect(counted).toBeGreaterThan(10_000)
    expect(counted).toBeLessThanOrEqual(bytes)
  })
}
