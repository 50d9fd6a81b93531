// Brings the browsers of the end-to-end tests: Debian's packages where root may install them, else Playwright's Chromium.
// Firefox and WebKitGTK are tested where they can be had; Chromium must be there.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const packages = {
  '/usr/bin/chromium': 'chromium',
  '/usr/bin/firefox-esr': 'firefox-esr',
  '/usr/bin/WebKitWebDriver': 'webkit2gtk-driver',
  '/usr/bin/Xvfb': 'xvfb',
}
const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
const run = (command, ...args) => spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0
const missing = () => Object.entries(packages).flatMap(([path, name]) => (existsSync(path) ? [] : [name]))

if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  console.log(`browsers: installing ${missing().join(', ')}`)
  if (run('apt-get', 'update', '-qq'))
    run('apt-get', 'install', '-y', '-qq', '-o', 'DPkg::Lock::Timeout=300', ...missing())
}
if (missing().includes('chromium') && !run('playwright', 'install', 'chromium')) {
  console.error('browsers: Chromium could not be installed; install one at /usr/bin/chromium and run the tests again')
  process.exit(1)
}
console.log(`browsers: ${missing().length === 0 ? 'all there' : `without ${missing().join(', ')}`}`)
