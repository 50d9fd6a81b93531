import { expect, test } from '@playwright/test'
import { type EngineName, isInstalled, openEngine } from './support/engines.ts'

for (const name of ['firefox', 'webkit'] as const satisfies readonly EngineName[]) {
  test(`${name} lists the datasets, checked with the chain`, async () => {
    test.skip(!isInstalled(name), `${name} is not installed on this machine`)
    const page = await openEngine(name)
    try {
      await page.goto(process.env['E2E_BASE_URL'] ?? '')
      await expect.poll(() => page.run(() => document.querySelectorAll('article').length), { timeout: 20_000 }).toBe(4)
    } finally {
      await page.close()
    }
  })
}
