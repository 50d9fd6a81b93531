/** What a query is debited: the work that it started and the bytes that were handed out, however it ends. */
import type { FrameGroup } from '@enigma/network'
import type { Query } from '@enigma/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineLimits } from './engine/engine-limits.ts'
import { ask, outcomeOf, type Scene, sealFor, startScene } from './fixtures/answer-scene.ts'
import { type Asker, createAsker } from './fixtures/query-scene.ts'

const caller = { peerId: 'peer', address: '/ip4/192.0.2.1/tcp/4001' }
const maxBytes = 2 ** 21
const manyRows = { sql: 'select id, price from candles order by id', maxRows: 40_000, maxBytes }

describe('the budget of an answer', () => {
  let scene: Scene
  beforeAll(async () => {
    const account = { perMinute: 100, perDay: 100, total: 100, bytesPerDay: maxBytes * 1.5 }
    scene = await startScene({ rows: 40_000, limits: { readerStallMs: 500, account } })
  })
  afterAll(() => scene.stop())

  const askerOf = (queries: number) =>
    createAsker(scene, { grant: { limits: { maxRows: 1e5, maxBytes, perMinute: 99, perDay: 99, total: queries } } })

  const start = async (asker: Asker, overrides: Partial<Query>) => {
    const { sealed } = await sealFor(scene, asker, overrides)
    return scene.role.answer({ sealed, remote: caller, signal: new AbortController().signal })
  }
  /** Takes a few frames and comes back when the node has given up on this reader. */
  const stall = async (frames: AsyncGenerator<FrameGroup>, taken: number) => {
    for (let count = 0; count < taken; count++) expect((await frames.next()).done).toBe(false)
    await expect.poll(() => scene.role.health().queriesUnderWay).toBe(0)
  }

  it('sends nothing more to a reader that has stalled, and counts the query', async () => {
    const asker = await askerOf(1)
    const frames = await start(asker, manyRows)
    await stall(frames, 1)
    expect(await frames.next()).toEqual({ done: true, value: undefined })
    expect(scene.records.at(-1)).toMatchObject({ code: 'aborted', rows: engineLimits.firstBatchRows })
    expect(outcomeOf(await ask(scene, asker))).toBe('rate-limited')
  })

  it('gives back the bytes that it did not send, and no others', async () => {
    const asker = await askerOf(9)
    for (const taken of [1, 2]) {
      const frames = await start(asker, manyRows)
      await stall(frames, taken)
      expect(await frames.next()).toEqual({ done: true, value: undefined })
    }
    expect(scene.records.at(-1)?.rows).toBeGreaterThan(0)
    expect(outcomeOf(await ask(scene, asker, { ...manyRows, maxBytes }))).toBe('answered')
    expect(outcomeOf(await ask(scene, asker, manyRows))).toBe('rate-limited')
  })

  it('counts a query that the engine refused', async () => {
    const asker = await askerOf(1)
    expect(outcomeOf(await ask(scene, asker, { sql: 'drop table candles' }))).toBe('sql-refused')
    expect(outcomeOf(await ask(scene, asker))).toBe('rate-limited')
  })

  it('counts no query that the engine did not start', async () => {
    const asker = await askerOf(1)
    const { sealed } = await sealFor(scene, asker)
    const gone = new AbortController()
    const frames = scene.role.answer({ sealed, remote: caller, signal: gone.signal })
    gone.abort()
    expect(await frames.next()).toEqual({ done: true, value: undefined })
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })
})
