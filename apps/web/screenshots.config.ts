/** `pnpm screenshots`: pictures of every page, with the browser and the network of the end-to-end tests. */
import base from '../../playwright.config.ts'

export default {
  ...base,
  outputDir: 'test-results',
  testDir: 'e2e',
  testMatch: 'screenshots.ts',
  globalSetup: './e2e/support/start-demo.ts',
}
