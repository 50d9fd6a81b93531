/** The demo as a person runs it: `--once` to its `ok:` line, and nothing left of it however it ends. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createFamily } from './processes.ts'

const main = join(import.meta.dirname, '../src/main.ts')
const lastLine = /^ok: 8 rows from 0x[0-9a-f]{40}\/flights over webrtc, receipt verified, \d+ ms$/
/** The watchdog gives SIGTERM 6 s before SIGKILL. */
const gone = { timeout: 15_000, interval: 100 }
const lookMs = 100
/** Seven processes start and publish 3,000,000 rows, perhaps beside other tests. */
const testTimeoutMs = 240_000

type Demo = {
  child: ChildProcessByStdio<null, Readable, Readable>
  lines: string[]
  errors: string[]
  family: ReturnType<typeof createFamily>
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

let directory: string
const demos: Demo[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-demo-test-'))
})
afterAll(async () => {
  for (const { child } of demos) child.kill('SIGKILL')
  await vi.waitFor(() => expect(demos.flatMap(({ family }) => family.living())).toEqual([]), gone)
  await rm(directory, { recursive: true, force: true })
})

function startDemo(args: readonly string[]): Demo {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: directory },
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
  const demo = { child, lines, errors, family, ended }
  demos.push(demo)
  return demo
}

/** Waits for a line that the demo prints; fails as soon as it ends without it. */
async function lineOf({ lines, errors, child }: Demo, pattern: RegExp): Promise<void> {
  await vi.waitUntil(
    () => {
      if (child.exitCode !== null) throw new Error(`the demo ended first: ${errors.join('\n')}`)
      return lines.some((line) => pattern.test(line))
    },
    { timeout: testTimeoutMs, interval: 50 },
  )
}

test(
  '--once subscribes, asks over WebRTC, prints ok and leaves no process',
  async () => {
    const demo = startDemo(['--once'])
    const { code } = await demo.ended
    expect({ code, errors: demo.errors.filter((line) => line.includes('logs:')) }).toEqual({ code: 0, errors: [] })
    expect(demo.lines.at(-1)).toMatch(lastLine)
    // Anvil, two relays, two persistence nodes, a worker, the watchdog, engines and commands.
    expect(demo.family.size()).toBeGreaterThan(10)
    await vi.waitFor(() => expect(demo.family.living()).toEqual([]), gone)
  },
  testTimeoutMs,
)

test.each(['SIGKILL', 'SIGINT'] as const)(
  '%s half-way takes every process along',
  async (signal) => {
    const demo = startDemo(['--directory', join(directory, signal)])
    await lineOf(demo, /listing/)
    demo.family.look()
    expect(demo.family.living().length).toBeGreaterThan(6)
    demo.child.kill(signal)
    const { code } = await demo.ended
    expect(code).toBe(signal === 'SIGINT' ? 0 : null)
    await vi.waitFor(() => expect(demo.family.living()).toEqual([]), gone)
  },
  testTimeoutMs,
)
