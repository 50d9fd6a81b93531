// `pnpm check`: every static guard, two at a time, each named with what it printed; the first failure stops with its exit code.
import { spawn } from 'node:child_process'

const sync = ['svelte: sync', 'pnpm', '--filter', '@enigma/web', 'exec', 'svelte-kit', 'sync']
/** The longest first. */
const steps = [
  ['lint', 'eslint', '.', '--max-warnings=0'],
  ['svelte: check', 'pnpm', '--filter', '@enigma/web', 'exec', 'svelte-check', '--threshold', 'warning'],
  ['types: shared', 'tsc', '-p', 'shared'],
  ['types: what runs on Node', 'tsc', '-p', '.'],
  ['layers', 'depcruise', 'shared', 'apps', 'demo', 'bench', 'examples', '--config', '.dependency-cruiser.js'],
  ['unused code', 'knip', '--no-config-hints'],
  ['format', 'prettier', '--check', '--log-level=warn', '.'],
  ['contracts: format and lint', 'pnpm', '--filter', '@enigma/contracts', 'check'],
]

const running = new Set()

/** Runs a step to its end and prints what it said in one piece; a failure ends the whole check. */
async function run([name, command, ...args]) {
  const started = Date.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: process.env })
  running.add(child)
  const output = []
  child.stdout.on('data', (chunk) => output.push(chunk))
  child.stderr.on('data', (chunk) => output.push(chunk))
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`))
      resolve(1)
    })
    child.once('close', (status) => resolve(status ?? 1))
  })
  running.delete(child)
  process.stdout.write(Buffer.concat(output))
  if (code !== 0) {
    console.error(`check: ${name} FAILED`)
    for (const other of running) other.kill()
    process.exit(code)
  }
  console.log(`check: ${name} ok, ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

async function runAll(queue) {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) await run(step)
}

// The types and the lint of the web app read what this writes.
await run(sync)
await Promise.all([runAll(steps), runAll(steps)])
