/** The `test` of every spec: pages of the demo network, and a failure for whatever the browser complains about. */
import { test as base } from '@playwright/test'

export { expect } from '@playwright/test'

type Fixtures = { complaints: string[] }

export const test = base.extend<Fixtures>({
  // Playwright reads the first parameter's names: an empty pattern is its word for "nothing needed".
  // eslint-disable-next-line no-empty-pattern
  baseURL: async ({}, use) => use(process.env['E2E_BASE_URL']),
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
      page.on('console', (message) => {
        const isPolicy = /Content Security Policy|Trusted ?Type|Refused to/i.test(message.text())
        if (isPolicy) complaints.push(`policy: ${message.text()}`)
      })
      await use(complaints)
      if (complaints.length > 0) throw new Error(`the page complained:\n${complaints.join('\n')}`)
    },
    { auto: true },
  ],
})

/** Opens a page and waits until it takes clicks. */
export async function open(page: import('@playwright/test').Page, path: string): Promise<void> {
  await page.goto(path)
  await page.locator('html[data-ready]').waitFor()
}
