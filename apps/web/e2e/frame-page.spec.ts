/** The page in a relay's frame shows verified rows in other engines, too, from its sandboxed origin. */
import { pathOf } from './support/demo.ts'
import { isInstalled, openEngine } from './support/engines.ts'
import { expect, test } from './support/test.ts'

for (const name of ['firefox', 'webkit'] as const) {
  test(`${name}: the free sample of a dataset in a frame’s page`, async ({ page, baseURL }) => {
    test.skip(!isInstalled(name), `${name} is not on this machine`)
    test.slow()
    const engine = await openEngine(name)
    try {
      await engine.goto(`${baseURL ?? ''}/e/d/${await pathOf(page, 'zipcodes')}`)
      const state = () => engine.run(() => document.querySelector('enigma-query')?.getAttribute('state') ?? '')
      await expect.poll(state, { timeout: 40_000 }).toBe('ready')
      expect(await engine.run(() => self.origin)).toBe('null')
    } finally {
      await engine.close()
    }
  })
}
