// Plain JavaScript that Node 20 runs: the pinned pnpm by npx, for `npm start` and `npm test`. Where npx cannot bring pnpm,
// it says what to do then; what pnpm runs keeps its output, its signals and its exit code.
import { spawn, spawnSync } from 'node:child_process'

const pnpm = 'pnpm@12.21.0'
const unreachable = `enigma: ${pnpm} could not be fetched from the npm registry, so nothing was started: check that this machine reaches the registry (npm ping; behind a proxy: npm config set proxy <url>) and run the command again.`
/** npx waits up to a minute between its tries by default. */
const patience = { npm_config_fetch_retry_mintimeout: '1000', npm_config_fetch_retry_maxtimeout: '5000' }

// A terminal sends Ctrl-C to every process of the command itself; a second one would cut the end of the first short.
const isSentByTerminal = (signal) => signal === 'SIGINT' && process.stdin.isTTY
let isInterrupted = false
// Before there is a child, which may be fast: a signal must never end this process alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    isInterrupted = true
    if (!isSentByTerminal(signal)) child.kill(signal)
  })
}
const child = spawn('npx', ['-y', pnpm, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...patience, ...process.env },
})
child.once('error', (error) => {
  console.error(`enigma: npx cannot be run (${error.message}): install Node with npm, then run the command again.`)
  process.exit(1)
})
child.once('exit', (code, signal) => {
  if (signal !== null) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    return
  }
  if (code !== 0 && !isInterrupted && !isHere()) console.error(unreachable)
  process.exit(code)
})

/** Whether npx has pnpm by now: then the failure is that of the command, which has told it. */
function isHere() {
  return spawnSync('npx', ['--offline', '-y', pnpm, '--version'], { stdio: 'ignore' }).status === 0
}
