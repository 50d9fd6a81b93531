/** `pnpm screenshots`: pictures of every page and dialog, with the browser and the network of the end-to-end tests. */
import base from '../../playwright.config.ts'

export default {
  ...base,
  outputDir: 'test-results',
  testDir: 'e2e',
  testMatch: 'screenshots*.ts',
  retries: 0,
  globalSetup: './e2e/support/start-demo.ts',
}
