import { describe, expect, it } from 'vitest'
import { scriptOf } from '../test-support/abusive-scripts.ts'
import { runSandbox } from './run-sandbox.ts'
import { sandboxLimits } from './sandbox-limits.ts'
import type { SandboxFetch } from './sandbox-protocol.ts'

/** More than the pipe to the script holds. */
const body = Buffer.alloc(1024 ** 2).toString('base64')

/** Fetches `count` times, one after the other, and never reads an answer, because the process is busy until its end. */
const neverReading = (count: number) =>
  scriptOf(`
    const spin = (ms) => { const end = Date.now() + ms; while (Date.now() < end); }
    for (let i = 0; i < ${count}; i++) { ctx.fetch('https://a.example/').catch(() => 0); spin(50) }
    spin(2000)`)

/** Runs a script whose fetches are all answered at once. */
function run(source: string, limits = sandboxLimits) {
  return runSandbox({
    start: { source: Buffer.from(source).toString('base64'), nowMs: 0, sinceMs: null, previous: null },
    timeoutMs: 20_000,
    memoryBytes: 64 * 1024 ** 2,
    maxRows: 10,
    onRow: () => undefined,
    onLog: () => undefined,
    onFetch: ({ id }: SandboxFetch) => Promise.resolve({ id, status: 200, headers: {}, body }),
    limits,
  })
}

describe('runSandbox', () => {
  it('counts a fetch as open until the script has taken its answer', async () => {
    await expect(run(neverReading(sandboxLimits.openFetches + 1))).rejects.toMatchObject({
      code: 'script-flood',
      message: expect.stringContaining('more than 8 addresses at once') as string,
    })
  })

  it('bounds the answers that wait for a script which does not read them', async () => {
    await expect(run(neverReading(3), { ...sandboxLimits, unreadBytes: 2 * body.length })).rejects.toMatchObject({
      code: 'script-flood',
      message: expect.stringContaining('unread') as string,
    })
  })

  it('lets a script that takes its answers fetch all places at once, again and again', async () => {
    const all = `await Promise.all(Array.from({ length: 8 }, () => ctx.fetch('https://a.example/')))`
    const source = scriptOf(`for (let i = 0; i < 4; i++) { ${all}; yield i }`)
    await expect(run(source)).resolves.toEqual({ rows: 4 })
  })
})
