/** The demo as a process of its own, as `npm start` runs it, with what it printed and every process that it started. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { expect, vi } from 'vitest'
import { createFamily } from './processes.ts'

const main = join(import.meta.dirname, '../src/main.ts')
/** The watchdog gives SIGTERM 6 s before SIGKILL. */
const gone = { timeout: 15_000, interval: 100 }
const lookMs = 100
/** Seven processes start and publish 3,000,000 rows, perhaps beside other tests. */
export const demoTimeoutMs = 360_000

export type DemoProcess = {
  child: ChildProcessByStdio<null, Readable, Readable>
  lines: string[]
  errors: string[]
  family: ReturnType<typeof createFamily>
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Starts `node demo/src/main.ts <args>`; what it makes in the temporary directory lies in `temporaryDirectory`. */
export function startDemo(args: readonly string[], temporaryDirectory: string): DemoProcess {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporaryDirectory },
  })
  const family = createFamily(child.pid ?? 0)
  const looking = setInterval(family.look, lookMs)
  const lines: string[] = []
  const errors: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  const ended = once(child, 'close').then(([code, signal]) => {
    clearInterval(looking)
    return { code: code as number | null, signal: signal as NodeJS.Signals | null }
  })
  return { child, lines, errors, family, ended }
}

/** Waits for a line that the demo prints; fails as soon as it ends without it. */
export async function lineOf({ lines, errors, child }: DemoProcess, pattern: RegExp): Promise<void> {
  await vi.waitUntil(
    () => {
      if (child.exitCode !== null) throw new Error(`the demo ended first: ${errors.join('\n')}`)
      return lines.some((line) => pattern.test(line))
    },
    { timeout: demoTimeoutMs, interval: 50 },
  )
}

/** Waits until no process of these demos is left. */
export async function allGone(...demos: readonly DemoProcess[]): Promise<void> {
  await vi.waitFor(() => expect(demos.flatMap(({ family }) => family.living())).toEqual([]), gone)
}
