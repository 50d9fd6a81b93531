import { spawnSync } from 'node:child_process'
import { hashBatches, hashQuery, hashRows, sha256, verifyHead, verifyReceipt } from '@enigma/crypto'
import { framesOfGroups } from '@enigma/network'
import { limits, probeColumns, probeStatement, type Query, type QueryCode } from '@enigma/protocol'
import { codeOf } from '@enigma/testing'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  arrowOf,
  ask,
  askSample,
  outcomeOf,
  receive,
  rowsOf,
  type Scene,
  sealFor,
  startScene,
} from './fixtures/answer-scene.ts'
import { addressOf, type Asker, createAsker, deployment, randomHex } from './fixtures/query-scene.ts'

const totalRows = 60_000
const caller = { peerId: 'peer', address: '/ip4/192.0.2.1/tcp/4001' }
const allRows = { sql: 'select id, price from candles order by id', maxRows: 100_000, maxBytes: 2 ** 28 }

/** The refusals after verification; verify-refusals.test.ts has all the others. */
type EngineCode = Extract<QueryCode, 'sql-refused' | 'parameter-invalid' | 'too-slow' | 'too-large' | 'engine-failed'>
const forever =
  'select count(*) as n from candles a join candles b on a.id <> b.id join candles c on b.id <> c.id where a.id < c.id'

const wide = Array.from({ length: 40 }, () => 'a.id, b.id').join(', ')
const distinctPairs = `select distinct concat(${wide}) as t from candles a join candles b on a.id <> b.id`

/** Kills each engine process that takes up the query: one that dies under it is asked again of a fresh one. */
async function killEnginesUntilEnded(answer: Promise<unknown>): Promise<void> {
  let isEnded = false
  void answer.finally(() => (isEnded = true))
  await expect
    .poll(
      () => {
        spawnSync('pkill', ['-KILL', '-P', String(process.pid), '-f', 'engine-child'])
        return isEnded
      },
      { timeout: 20_000, interval: 20 },
    )
    .toBe(true)
}

describe('a persistence node', () => {
  let scene: Scene
  let asker: Asker
  beforeAll(async () => {
    scene = await startScene({ rows: totalRows, limits: { maxQueries: 4, sampleTimeoutMs: 2000 } })
    asker = await createAsker(scene)
  })
  afterAll(() => scene.stop())
  afterEach(() => {
    expect(scene.errors).toEqual([])
    expect(scene.role.health().queriesUnderWay).toBe(0)
  })

  it('answers with schema, rows and a receipt that the asker can check', async () => {
    const sealed = await sealFor(scene, asker, {
      sql: 'select id, price from candles where id < $1 order by id',
      parameters: [{ type: 'bigint', value: '3' }],
    })
    const parts = await receive(scene, sealed)
    const end = parts.at(-1)
    if (end?.kind !== 'end') throw new TypeError('the answer ends')
    expect(parts[0]).toEqual({
      kind: 'schema',
      seq: 1,
      columns: [
        { name: 'id', type: 'bigint' },
        { name: 'price', type: 'decimal(18,4)' },
      ],
    })
    expect(rowsOf(parts)).toEqual([
      [0n, 0n],
      [1n, 10_000n],
      [2n, 20_000n],
    ])
    const receipt = await verifyReceipt({ signed: end.receipt, signer: scene.signer, deployment })
    const publisher = addressOf(privateKeyToAccount(`0x${'04'.repeat(32)}`))
    const head = await verifyHead({ signed: end.head, publisher, deployment })
    expect(receipt).toMatchObject({
      dataset: sealed.query.dataset,
      snapshot: head.root,
      seq: 1,
      rows: 3,
      queryHash: hashQuery(sealed.query),
      resultHash: end.resultHash,
      manifestHash: scene.manifestHash,
    })
    expect(end.timings.engineMs).toBeGreaterThan(0)
  })

  it('hashes a deterministic result by its rows, the same each time', async () => {
    const hashes = []
    const sql = 'select id, price from candles where id < 5'
    for (const maxRows of [1000, 1000]) {
      const parts = await ask(scene, asker, { sql, maxRows })
      const end = parts.at(-1)
      if (parts[0]?.kind !== 'schema' || end?.kind !== 'end') throw new TypeError('an answer')
      expect(end.receipt.receipt.deterministic).toBe(true)
      const rows = rowsOf(parts) as bigint[][]
      expect(await hashRows({ columns: parts[0].columns, rows })).toBe(end.resultHash)
      hashes.push(end.receipt.receipt.resultHash)
    }
    expect(hashes[0]).toBe(hashes[1])
  })

  it('hashes a large result batch by batch, first rows in a small first batch', async () => {
    const parts = await ask(scene, asker, allRows)
    const [schema, first] = parts
    const end = parts.at(-1)
    if (schema?.kind !== 'schema' || first?.kind !== 'batch' || end?.kind !== 'end') throw new TypeError('an answer')
    const batchHashes = await Promise.all(
      parts.flatMap((part) => (part.kind === 'batch' ? [sha256(arrowOf(part))] : [])),
    )
    expect(await hashBatches({ columns: schema.columns, batchHashes })).toBe(end.resultHash)
    expect(first.rows).toBeLessThan(totalRows / 4)
    expect(end).toMatchObject({ rows: totalRows, truncated: false })
    expect(rowsOf(parts)).toHaveLength(totalRows)
  })

  const engineCases = {
    'sql-refused': { sql: 'drop table candles' },
    'parameter-invalid': { sql: 'select $1 as x', parameters: [{ type: 'bigint', value: '9999999999999999999' }] },
    'too-slow': { sql: forever },
    'too-large': { sql: `select count(*) as n from (${distinctPairs})` },
    'engine-failed': { sql: forever, whileRunning: killEnginesUntilEnded },
  } as const satisfies Record<
    EngineCode,
    Partial<Query> & { whileRunning?: (answer: Promise<unknown>) => Promise<void> }
  >

  it.each(Object.entries(engineCases))('refuses with %s, sealed, and goes on', async (code, one) => {
    const { whileRunning, ...overrides } = { whileRunning: undefined, ...one }
    const answer = ask(scene, asker, overrides)
    await whileRunning?.(answer)
    const parts = await answer
    expect(parts.at(-1)).toMatchObject({ kind: 'refusal', code })
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('seals the refusals of verification too', async () => {
    expect(outcomeOf(await ask(scene, asker, { audience: randomHex(20) }))).toBe('wrong-audience')
    expect(outcomeOf(await ask(scene, await createAsker(scene, { subscribed: false })))).toBe('no-subscription')
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('says in clear text only that it cannot read', async () => {
    const { sealed } = await sealFor(scene, asker)
    const answer = (bytes: Uint8Array) =>
      scene.role.answer({ sealed: bytes, remote: caller, signal: new AbortController().signal }).next()
    expect(await codeOf(answer(new Uint8Array(100)))).toBe('unreadable')
    expect(await codeOf(answer(sealed.map((byte, at) => (at === 200 ? byte ^ 1 : byte))))).toBe('unreadable')
    const badReply = await sealFor(scene, asker, { replyKey: `0x04${'00'.repeat(64)}` })
    expect(await codeOf(answer(badReply.sealed))).toBe('unreadable')
    const unreadable = expect.objectContaining({ code: 'unreadable' }) as Error
    expect(scene.unopened).toEqual([unreadable, unreadable, unreadable])
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('is busy beyond its places, and not any more when they are left', async () => {
    const stop = new AbortController()
    const runs = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const { sealed } = await sealFor(scene, asker)
        const frames = scene.role.answer({ sealed, remote: caller, signal: stop.signal })
        await frames.next()
        return frames
      }),
    )
    expect(await codeOf(ask(scene, asker))).toBe('busy')
    stop.abort()
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
    for (const frames of runs) await frames.return()
  })

  it('frees the engine when the asker goes, and counts the query that it has worked for', async () => {
    const limits = { maxRows: 100_000, maxBytes: 2 ** 30, perMinute: 9, perDay: 9, total: 2 }
    const other = await createAsker(scene, { grant: { limits } })
    const stop = new AbortController()
    const slow = 'select count(*) from candles a join candles b on a.id <> b.id join candles c on b.id <> c.id'
    const { sealed } = await sealFor(scene, other, { sql: slow })
    const frames = scene.role.answer({ sealed, remote: caller, signal: stop.signal })
    const next = frames.next()
    await expect.poll(() => scene.service.health().engine?.busy).toBe(1)
    stop.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    await expect.poll(() => scene.service.health().engine?.busy).toBe(0)
    expect(scene.records.at(-1)).toMatchObject({ code: 'aborted', rows: 0 })
    expect(outcomeOf(await ask(scene, other))).toBe('answered')
    expect(outcomeOf(await ask(scene, other))).toBe('rate-limited')
  })

  it('frees everything when the reader leaves in the middle of an answer', async () => {
    const { sealed } = await sealFor(scene, asker, allRows)
    let frames = 0
    const { signal } = new AbortController()
    for await (const group of scene.role.answer({ sealed, remote: caller, signal })) {
      frames += group.frames.length
      if (frames >= 3) break
    }
    await expect.poll(() => scene.service.health().engine?.busy).toBe(0)
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('opens with the previous query key until its record expires', async () => {
    const previous = scene.keys.current
    await scene.keys.keepCurrentUntil(scene.clock.seconds + 600)
    await scene.keys.rotate({ maxAgeSeconds: 0 })
    expect(scene.keys.current.keyId).not.toBe(previous.keyId)
    expect(outcomeOf(await receive(scene, await sealFor(scene, asker, {}, previous)))).toBe('answered')
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('gives samples only of the sample tables, from a database of their own', async () => {
    const parts = await askSample(scene, { sql: 'select id from candles order by id' })
    expect(rowsOf(parts)).toEqual(Array.from({ length: 10 }, (_, id) => [BigInt(id)]))
    expect(outcomeOf(await askSample(scene, { sql: 'select * from other' }))).toBe('sql-refused')
  })

  it('tells a probe the sizes of its tables, and takes its statement for no query', async () => {
    const parts = await askSample(scene, { kind: 'probe', sql: probeStatement, maxRows: limits.tables })
    expect(parts[0]).toMatchObject({ kind: 'schema', columns: probeColumns })
    const bytes: unknown = expect.any(BigInt)
    expect(rowsOf(parts)).toEqual([['candles', BigInt(totalRows), bytes]])
    expect(outcomeOf(await ask(scene, asker, { sql: probeStatement }))).toBe('sql-refused')
    expect(outcomeOf(await askSample(scene, { sql: probeStatement }))).toBe('sql-refused')
  })

  it('takes a newer manifest with another sample while it serves', async () => {
    const { manifest } = scene.service
    const sample = [{ table: 'candles', rows: 3 }]
    await scene.role.serve({ manifest: { ...manifest, sample }, manifestHash: scene.manifestHash })
    expect(rowsOf(await askSample(scene, { sql: 'select count(*) as n from candles' }))).toEqual([[3n]])
    await scene.role.serve({ manifest: { ...manifest, sample: [] }, manifestHash: scene.manifestHash })
    expect(outcomeOf(await askSample(scene))).toBe('sample-limited')
    const probe = { kind: 'probe', sql: probeStatement, maxRows: limits.tables } as const
    expect(outcomeOf(await askSample(scene, probe))).toBe('answered')
    expect(outcomeOf(await ask(scene, asker))).toBe('answered')
  })

  it('swaps in a new snapshot, finishes old queries on theirs, and answers those who name the older one', async () => {
    const stop = new AbortController()
    const held = await sealFor(scene, asker, allRows)
    const frames = framesOfGroups(scene.role.answer({ sealed: held.sealed, remote: caller, signal: stop.signal }))
    const opened = []
    const first = await frames.next()
    if (first.done !== true) opened.push(...(await held.opener.push(first.value)))
    await scene.publish(totalRows, totalRows + 5)
    await scene.service.settle()
    for await (const frame of frames) opened.push(...(await held.opener.push(frame)))
    expect(rowsOf(opened)).toHaveLength(totalRows)
    const count = { sql: 'select count(*) as n from candles' }
    expect(rowsOf(await ask(scene, asker, count))).toEqual([[BigInt(totalRows + 5)]])
    expect(rowsOf(await ask(scene, asker, { ...count, snapshot: { kind: 'seq', seq: 1 } }))).toEqual([
      [BigInt(totalRows)],
    ])
    expect(outcomeOf(await ask(scene, asker, { snapshot: { kind: 'seq', seq: 9 } }))).toBe('snapshot-unknown')
  })
})
