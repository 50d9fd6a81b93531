#!/usr/bin/env node
/** The `enigma` command: parses arguments and runs one command; the daemon is `enigma node start`. */
import { runProgram } from './commands/program.ts'

const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort())
process.once('SIGTERM', () => interrupt.abort())

await runProgram(
  {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    signal: interrupt.signal,
    setExitCode: (code) => (process.exitCode = code),
  },
  process.argv,
)

// WebRTC's native threads outlive the last connection; everything of ours is stopped and flushed by now.
process.exit()
