// Brings the browser of the end-to-end tests where there is none: Debian's package, or else Playwright's own build.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const systemChromium = '/usr/bin/chromium'
const run = (command, args, env = {}) =>
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } }).status === 0

if (!existsSync(systemChromium)) {
  console.log('chromium: not installed yet; installing')
  const isRoot = process.getuid?.() === 0
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' }
  const isInstalled =
    isRoot &&
    existsSync('/usr/bin/apt-get') &&
    run('apt-get', ['update', '-qq']) &&
    run('apt-get', ['install', '-y', '-qq', 'chromium'], quiet)
  if (!isInstalled && !run('playwright', ['install', 'chromium'])) {
    console.error('chromium: could not be installed; install a Chromium at /usr/bin/chromium and run the tests again')
    process.exit(1)
  }
}
