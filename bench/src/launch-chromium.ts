/** The Chromium that benches measure with: Debian's where it is installed, else Playwright's own. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from '@playwright/test'

const systemChromium = '/usr/bin/chromium'

/** Throws with what to do where no Chromium is installed. */
export function chromiumPath(): string {
  const path = existsSync(systemChromium) ? systemChromium : chromium.executablePath()
  if (existsSync(path)) return path
  throw new Error('No Chromium is installed; bring one by: node scripts/ensure-browsers.mjs')
}

export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
]

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags })
}
