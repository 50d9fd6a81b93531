/** End-to-end tests: real browsers against the demo network, which the global set-up starts once (`E2E_BASE_URL` names one that runs). */
import { existsSync } from 'node:fs'
import { defineConfig, devices } from '@playwright/test'

/** Debian's Chromium where it is installed; elsewhere Playwright's own. */
const systemChromium = '/usr/bin/chromium'

export default defineConfig({
  testDir: 'apps/web/e2e',
  globalSetup: './apps/web/e2e/support/start-demo.ts',
  outputDir: 'apps/web/test-results',
  // A test, its browser and the network keep two cores busy.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // A real network on a busy machine: what passes only at the second time is listed as flaky, and is to be mended.
  retries: 1,
  reporter: [['list']],
  use: {
    // Recording every test would take as much processor time again as the tests themselves.
    trace: 'on-first-retry',
    launchOptions: {
      ...(existsSync(systemChromium) ? { executablePath: systemChromium } : {}),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [{ name: 'chromium', use: { ...devices['Desktop Chrome'], viewport: { width: 1280, height: 900 } } }],
})
