/**
 * Ends the demo's processes when the demo is gone, however it died: it reads one process id a line from standard input
 * and, when that closes, sends SIGTERM to all of them and SIGKILL to those that stay.
 */
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

const graceMs = 6000
const pids = new Set<number>()

process.on('SIGINT', ignore)
process.on('SIGTERM', ignore)

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line)
  if (Number.isSafeInteger(pid) && pid > 0) pids.add(pid)
  else if (Number.isSafeInteger(pid)) pids.delete(-pid)
}

for (const pid of pids) signal(pid, 'SIGTERM')
const deadline = Date.now() + graceMs
while (Date.now() < deadline && [...pids].some((pid) => signal(pid, 0))) await delay(50)
for (const pid of pids) signal(pid, 'SIGKILL')

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** Ctrl-C reaches the whole group; the watchdog must outlive the others. */
function ignore(): void {
  return
}
