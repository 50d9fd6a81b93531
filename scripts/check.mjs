// `pnpm check`: every static guard, one after the other, each named; the first failure stops with its exit code.
import { spawnSync } from 'node:child_process'

const steps = [
  ['types: shared', 'tsc', '-p', 'shared'],
  ['types: shared, Node entry', 'tsc', '-p', 'shared/tsconfig.node.json'],
  ['types: relay', 'tsc', '-p', 'apps/relay'],
  ['types: demo', 'tsc', '-p', 'demo'],
  ['types: bench', 'tsc', '-p', 'bench'],
  ['svelte: sync', 'pnpm', '--filter', '@enigma/web', 'exec', 'svelte-kit', 'sync'],
  ['svelte: check', 'pnpm', '--filter', '@enigma/web', 'exec', 'svelte-check', '--threshold', 'warning'],
  ['lint', 'eslint', '.', '--max-warnings=0'],
  ['layers', 'depcruise', 'shared', 'apps', 'demo', 'bench', '--config', '.dependency-cruiser.js'],
  ['unused code', 'knip', '--no-config-hints'],
  ['format', 'prettier', '--check', '--log-level=warn', '.'],
  ['contracts: format and lint', 'pnpm', '--filter', '@enigma/contracts', 'check'],
]

for (const [name, command, ...args] of steps) {
  const started = Date.now()
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: process.env })
  if (error) console.error(`check: ${name}: ${error.message}`)
  if (status !== 0) {
    console.error(`check: ${name} FAILED`)
    process.exit(status ?? 1)
  }
  console.log(`check: ${name} ok, ${((Date.now() - started) / 1000).toFixed(1)} s`)
}
