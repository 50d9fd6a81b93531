// `npm test`: static guards, contracts, the web build, every vitest project, then real browsers against the demo. Prints what runs and how long it took.
import { spawnSync } from 'node:child_process'

const steps = [
  ['check', 'node', 'scripts/check.mjs'],
  ['contracts', 'pnpm', 'run', 'test:contracts'],
  ['web build', 'pnpm', 'run', 'build'],
  ['unit and network tests', 'vitest', 'run'],
  ['browsers', 'node', 'scripts/ensure-browsers.mjs'],
  ['end-to-end tests', 'playwright', 'test'],
]

const started = Date.now()
for (const [index, [name, command, ...args]] of steps.entries()) {
  console.log(`\n[${index + 1}/${steps.length}] ${name}`)
  const stepStarted = Date.now()
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: process.env })
  if (error) console.error(`test: ${name}: ${error.message}`)
  if (status !== 0) {
    console.error(`test: ${name} FAILED after ${((Date.now() - stepStarted) / 1000).toFixed(0)} s`)
    process.exit(status ?? 1)
  }
  console.log(`test: ${name} ok, ${((Date.now() - stepStarted) / 1000).toFixed(0)} s`)
}
console.log(`test: all passed in ${((Date.now() - started) / 1000).toFixed(0)} s`)
