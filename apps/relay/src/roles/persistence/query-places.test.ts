/** Who can keep a subscriber from being answered: not samples, not queries that nobody has verified, nor one account. */
import type { FrameGroup } from '@enigma/network'
import { type Query, zeroHash } from '@enigma/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, askSample, outcomeOf, type Scene, sealFor, startScene } from './fixtures/answer-scene.ts'
import { createOwner, createVisit } from './fixtures/embed-scene.ts'
import { type Asker, createAsker, randomHex } from './fixtures/query-scene.ts'

const caller = { peerId: 'peer', address: '/ip4/192.0.2.1/tcp/4001' }
const sample = { kind: 'sample', grantHash: zeroHash, sql: 'select * from candles' } as const satisfies Partial<Query>

describe('the places of a persistence node', () => {
  let scene: Scene
  let asker: Asker
  let unread: AsyncGenerator<FrameGroup, void, undefined>[] = []
  beforeAll(async () => {
    const limits = { maxQueries: 4, maxQueriesPerAccount: 3, maxSamples: 4, maxSamplesPerCaller: 4, maxUnverified: 1 }
    scene = await startScene({ rows: 20_000, limits })
    asker = await createAsker(scene)
  })
  afterAll(() => scene.stop())
  afterEach(async () => {
    for (const frames of unread) await frames.return()
    unread = []
    expect(scene.role.health().queriesUnderWay).toBe(0)
  })

  /** Asks, takes the first frame, and fetches no more. */
  const leaveUnread = async (from: Asker, overrides: Partial<Query>) => {
    const { sealed } = await sealFor(scene, from, overrides)
    const frames = scene.role.answer({ sealed, remote: caller, signal: new AbortController().signal })
    unread.push(frames)
    await frames.next()
  }

  it('answers a subscriber while strangers hold every place of samples', async () => {
    const stranger = await createAsker(scene, { subscribed: false })
    for (let count = 0; count < 4; count++) await leaveUnread(stranger, sample)
    await expect(askSample(scene)).rejects.toMatchObject({ code: 'busy' })
    expect(scene.records.at(-1)).toMatchObject({ code: 'busy', kind: 'sample' })
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('answers an owner while visitors of her embed hold every place that they have', async () => {
    const owner = await createOwner(scene, {}, asker)
    const visit = async () => {
      const { visitor, query } = await createVisit(scene, owner, { name: 'newest', parameters: [] })
      const { grantHash, sql, template, maxRows } = query
      return { visitor, asked: { grantHash, sql, maxRows, parameters: [], ...(template && { template }) } }
    }
    for (let count = 0; count < 3; count++) {
      const { visitor, asked } = await visit()
      await leaveUnread(visitor, asked)
    }
    const { visitor, asked } = await visit()
    expect(outcomeOf(await ask(scene, visitor, asked))).toBe('rate-limited')
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('verifies others while refusals lie unread', async () => {
    await leaveUnread(asker, { audience: randomHex(20) })
    await leaveUnread(await createAsker(scene, { subscribed: false }), {})
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('verifies others while verified queries run', async () => {
    await leaveUnread(asker, {})
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('answers a small query while another account has filled all its places with slow ones', async () => {
    const sql = 'select count(*) from candles a join candles b on a.id <> b.id join candles c on b.id <> c.id'
    const slow = { sql }
    const greedy = await createAsker(scene)
    const gone = new AbortController()
    const engine = () => scene.service.health().engine
    const running: Promise<unknown>[] = []
    for (const waiting of [0, 1, 2]) {
      const { sealed } = await sealFor(scene, greedy, slow)
      running.push(scene.role.answer({ sealed, remote: caller, signal: gone.signal }).next())
      await expect.poll(engine).toMatchObject({ busy: 1, waiting })
    }
    expect(outcomeOf(await ask(scene, greedy, slow))).toBe('rate-limited')
    expect(outcomeOf(await ask(scene, asker, { sql: 'select count(*) from candles' }))).toBe('answered')
    // The slow ones were not done: each takes all the time that a query may.
    expect(engine()).toMatchObject({ busy: 1, waiting: 2 })
    gone.abort()
    await Promise.all(running)
    await expect.poll(engine).toMatchObject({ busy: 0, waiting: 0 })
  })
})
