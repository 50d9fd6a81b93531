/** The demo as a person runs it: `--once` to its `ok:` line, and nothing left of it however it ends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allGone, type DemoProcess, demoTimeoutMs, lineOf, startDemo } from './demo-process.ts'

const lastLine = /^ok: 8 rows from 0x[0-9a-f]{40}\/flights over webrtc, receipt verified, \d+ ms$/

let directory: string
const demos: DemoProcess[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-demo-test-'))
})
afterAll(async () => {
  for (const { child } of demos) child.kill('SIGKILL')
  await allGone(...demos)
  await rm(directory, { recursive: true, force: true })
})

function start(...args: readonly string[]): DemoProcess {
  const demo = startDemo(args, directory)
  demos.push(demo)
  return demo
}

test(
  '--once subscribes, asks over WebRTC, prints ok and leaves no process',
  async () => {
    const demo = start('--once')
    const { code } = await demo.ended
    expect({ code, errors: demo.errors.filter((line) => line.includes('logs:')) }).toEqual({ code: 0, errors: [] })
    expect(demo.lines.at(-1)).toMatch(lastLine)
    // Anvil, two relays, two persistence nodes, a worker, the watchdog, engines and commands.
    expect(demo.family.size()).toBeGreaterThan(10)
    await allGone(demo)
  },
  demoTimeoutMs,
)

test(
  'its death half-way takes every process along',
  async () => {
    const demo = start('--directory', join(directory, 'killed'))
    await lineOf(demo, /listing/)
    demo.family.look()
    expect(demo.family.living().length).toBeGreaterThan(6)
    demo.child.kill('SIGKILL')
    expect((await demo.ended).code).toBeNull()
    await allGone(demo)
  },
  demoTimeoutMs,
)
