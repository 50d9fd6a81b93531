/** The main job on real processes: WebRTC, blindness, and every part killed while it matters. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeAnswerPart, type NodeRecord, type Value } from '@enigma/protocol'
import { handleQueries } from '@enigma/network'
import { codeOf } from '@enigma/testing'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createCleanup, peerIdOf, startHost } from '../network/support/nodes.ts'
import { exchange, openFrames, prepareQuery } from './support/ask-by-hand.ts'
import { createCanary, findCanary, formsOf } from './support/canaries.ts'
import { candleScript, type CandleService, startCandleService } from './support/candle-service.ts'
import { countReceivedBytes } from './support/count-bytes.ts'
import { startTestNetwork, type TestNetwork, type TestSubscriber } from './support/network.ts'
import type { NodeProcess } from './support/node-process.ts'
import { startTappedRelay } from './support/tapped-relay.ts'

const noteRows = 250_000
const settleMs = 20_000
const waiting = { timeout: 60_000, interval: 100 }
const column = (name: string, type: string) => ({ name, type, encryption: 'none' })
const notesTable = { name: 'notes', columns: [column('id', 'bigint'), column('note', 'text')] }
const ticksTable = { name: 'ticks', key: ['tick'], columns: [column('tick', 'bigint'), column('price', 'bigint')] }

const cleanup = createCleanup()
const rowCanary = createCanary()
let net: TestNetwork
let candles: CandleService
let publicNode: NodeProcess
let worker: NodeProcess
let subscriber: TestSubscriber
let notes: string
let vault: string
let ticks: string

const publicSettings = { roles: ['persistence'] }
let workerSettings: Record<string, unknown>

beforeAll(async () => {
  net = await startTestNetwork()
  cleanup.add(() => net.stop())
  candles = await startCandleService()
  cleanup.add(() => candles.stop())
  const script = join(net.directory, 'ticks.ts')
  await writeFile(script, candleScript)
  const curator = net.market.wallet(1).account.address.toLowerCase()
  const scripts = { [`${curator}/ticks`]: script }
  workerSettings = { roles: ['worker'], worker: { scripts, hostOverrides: { 'candles.test': candles.url } } }
  const [first, privateNode, third] = await Promise.all([
    net.startNode('public', publicSettings),
    net.startNode('private', { roles: ['persistence'], private: true }),
    net.startNode('worker', workerSettings),
  ])
  publicNode = first
  worker = third
  const file = await writeNotes()
  notes = await net.register({
    name: 'notes',
    description: { tables: [notesTable] },
    nodes: [{ node: publicNode, roles: 'persistence' }],
  })
  vault = await net.register({
    name: 'vault',
    description: { tables: [notesTable] },
    nodes: [{ node: privateNode, roles: 'persistence' }],
  })
  ticks = await net.register({
    name: 'ticks',
    description: {
      tables: [ticksTable],
      schedule: { cron: '*/2 * * * * *', timeZone: 'UTC' },
      script: {
        ...{ file: '../ticks.ts', hosts: ['candles.test'] },
        ...{ timeoutSeconds: 30, memoryBytes: 268_435_456, maxRows: 100_000 },
      },
    },
    nodes: [
      { node: publicNode, roles: 'persistence' },
      { node: worker, roles: 'worker' },
    ],
    publisher: worker.signer,
  })
  for (const path of [notes, vault]) await net.enigma('dataset', 'publish', path, `notes=${file}`)
  subscriber = await net.subscribe([notes, vault, ticks])
}, 240_000)
afterAll(() => cleanup.run())

/** Notes that no compression makes small; the first ones hold the canary, one form of it each. */
async function writeNotes(): Promise<string> {
  const file = join(net.directory, 'notes.csv')
  const forms = formsOf(rowCanary)
  const lines = Array.from(
    { length: noteRows },
    (_, id) => `${id},${forms[id]?.bytes.toString() ?? randomBytes(24).toString('base64')}`,
  )
  await writeFile(file, `id,note\n${lines.join('\n')}\n`)
  return file
}

const ask = (dataset: string, sql: string, who = subscriber) => {
  const { client, account, minBlock } = who
  return client.query({ dataset, sql, account, minBlock })
}

async function locate(path: string): Promise<{ id: `0x${string}`; node: NodeRecord }> {
  const { id, nodes } = await subscriber.client.dataset(path)
  const [node] = nodes
  if (node === undefined) throw new Error(`${path} has no node`)
  return { id, node }
}

describe('a private node', () => {
  test('is reached by WebRTC, and the answer goes over the data channel', async () => {
    const received = countReceivedBytes(subscriber.host)
    const { client, account, minBlock } = subscriber
    const sql = 'SELECT id, note FROM notes ORDER BY id LIMIT 5000'
    const query = { dataset: vault, sql, account, minBlock, path: 'direct', webrtcOnly: true } as const
    const { transport, rows, node } = await client.query(query).collect()
    expect(rows).toHaveLength(5000)
    expect(transport).toMatchObject({ kind: 'webrtc', isLimited: false, remotePeer: node.peerId })
    expect(transport.remoteAddr).toContain('/webrtc')
    const connection = [...received.keys()].find(({ remoteAddr }) => remoteAddr.toString() === transport.remoteAddr)
    if (connection === undefined) throw new Error('the connection is gone')
    expect(connection.limits).toBeUndefined()
    // 24 random bytes a note: no encoding makes the answer smaller.
    expect(received.get(connection)).toBeGreaterThan(5000 * 24)
    const before = received.get(connection) ?? 0
    const { id } = await locate(vault)
    const prepared = await prepareQuery({ network: net.network, subscriber, dataset: id, node, sql })
    const frames = await exchange({ connection, audience: node.peerId, dataset: id, bytes: prepared.sealed })
    const parts = await openFrames(prepared, frames)
    expect(parts.at(-1)?.kind).toBe('end')
    const answerBytes = frames.reduce((sum, frame) => sum + frame.length, 0)
    expect((received.get(connection) ?? 0) - before).toBeGreaterThanOrEqual(answerBytes)
  })
})

describe('blindness', () => {
  test('a relay sees none of the canaries; without sealing it would see them all', async () => {
    const canaries = { sql: createCanary(), parameter: createCanary(), row: rowCanary }
    const textsOf = (canary: string) => formsOf(canary).map(({ bytes }) => bytes.toString())
    const { id, node } = await locate(notes)
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const local = createCleanup()
    const responder = await startHost({ cleanup: local, kind: 'public' })
    const records = new Map([[node.peerId, node]])
    const relay = await startTappedRelay({ cleanup: local, records, onError })
    try {
      const asked = { network: net.network, subscriber, dataset: id, node }
      const parameters = textsOf(canaries.parameter).map((value) => ({ type: 'text', value }) as const)
      const marks = textsOf(canaries.sql).map((text, index) => `'${text}' AS mark${index}`)
      const columns = [...marks, ...parameters.map((_, index) => `$${index + 1} AS p${index}`)].join(', ')
      const sql = `SELECT note, ${columns} FROM notes WHERE id < 50 ORDER BY id`
      const prepared = await prepareQuery({ ...asked, sql, parameters })
      const connection = await subscriber.host.dial(relay.host.node.getMultiaddrs())
      /** What the relay saw of one exchange, and what of each canary is found in it. */
      const capture = async (audience: string, bytes: Uint8Array) => {
        const frames = await exchange({ connection, audience, dataset: id, bytes })
        const pieces = relay.take()
        expect(pieces).toEqual(expect.arrayContaining([bytes, ...frames]))
        const find = (canary: string) => findCanary({ canary, pieces })
        const found = { sql: find(canaries.sql), parameter: find(canaries.parameter), row: find(canaries.row) }
        return { frames, found }
      }
      const sealed = await capture(node.peerId, prepared.sealed)
      const parts = await openFrames(prepared, sealed.frames)
      expect(parts.map(({ kind }) => kind)).toEqual(['schema', 'batch', 'end'])
      const nothing = { plain: [], inflated: [] }
      expect(sealed.found).toEqual({ sql: nothing, parameter: nothing, row: nothing })

      const server = await handleQueries({
        host: responder.node,
        peerId: peerIdOf(responder),
        answer: async function* () {
          await Promise.resolve()
          yield { frames: parts.map(encodeAnswerPart), isLast: true }
        },
        onError,
      })
      local.add(() => server.stop())
      records.set(peerIdOf(responder), {
        ...node,
        peerId: peerIdOf(responder),
        multiaddrs: responder.node.getMultiaddrs().map(String),
      })
      // The same query and answer, with identity in place of sealing: the search is shown to find what there is.
      const open = await capture(peerIdOf(responder), prepared.signedQuery)
      const all = formsOf(createCanary()).map(({ name }) => name)
      expect(open.found).toEqual({
        sql: { plain: all, inflated: all },
        parameter: { plain: all, inflated: all },
        // Rows are in the batches alone, which are deflated on the wire.
        row: { plain: [], inflated: all },
      })
      expect(errors).toEqual([])
    } finally {
      await local.run()
    }
  })
})

describe('metrics', () => {
  test('move with a query, at the node that answers it and at the relay that passes it on', async () => {
    const counts = async () => {
      const ofRelays = async (name: string) => {
        const values = await Promise.all(net.relays.map((relay) => relay.metric(name)))
        return values.reduce((sum, value) => sum + value, 0)
      }
      return {
        answered: await publicNode.metric('enigma_queries_total', 'kind="query",outcome="answered"'),
        timed: await publicNode.metric('enigma_query_duration_seconds_count', 'kind="query",result="answered"'),
        rows: await publicNode.metric('enigma_answer_rows_total', 'kind="query"'),
        forwarded: await ofRelays('enigma_forwarded_queries_total'),
        forwardedBytes: await ofRelays('enigma_forwarded_bytes_total'),
        reservations: await ofRelays('enigma_reservations'),
      }
    }
    const before = await counts()
    await ask(notes, 'SELECT id FROM notes LIMIT 10').collect()
    await vi.waitFor(async () => {
      const after = await counts()
      expect(after).toMatchObject({ answered: before.answered + 1, timed: before.timed + 1, rows: before.rows + 10 })
      // Relays ask nodes by way of each other, too.
      expect(after.forwarded).toBeGreaterThan(before.forwarded)
      expect(after.forwardedBytes).toBeGreaterThan(before.forwardedBytes)
      expect(after.reservations).toBeGreaterThan(0)
    }, waiting)
    expect(await publicNode.metric('enigma_engine_processes')).toBeGreaterThan(0)
    expect(await publicNode.metric('enigma_chain_head_block')).toBeGreaterThan(0)
    expect(await publicNode.metric('enigma_connections')).toBeGreaterThan(0)
    expect(await publicNode.metric('enigma_snapshots_accepted_total')).toBeGreaterThan(0)
    expect(await publicNode.metric('process_resident_memory_bytes')).toBeGreaterThan(0)
    await vi.waitFor(async () => {
      expect(await worker.metric('enigma_worker_runs_total', 'ok')).toBeGreaterThan(0)
    }, waiting)
  })
})

describe('a persistence node', () => {
  test('killed with -9 comes back with its data whole, and still refuses an old query', async () => {
    const sql = 'SELECT count(*) AS n, sum(id) AS total, count(DISTINCT note) AS notes FROM notes'
    const before = await ask(notes, sql).collect()
    const { id, node } = await locate(notes)
    const old = await prepareQuery({ network: net.network, subscriber, dataset: id, node, sql })
    const send = async () => {
      const connection = await subscriber.host.dial((net.relays[0]?.multiaddrs ?? []).map((text) => multiaddr(text)))
      const frames = await exchange({ connection, audience: node.peerId, dataset: id, bytes: old.sealed })
      return (await openFrames(old, frames)).at(-1)
    }
    expect(await send()).toMatchObject({ kind: 'end', rows: 1 })
    expect(await send()).toMatchObject({ kind: 'refusal', code: 'replayed' })
    await publicNode.kill()
    publicNode = await net.startNode('public', publicSettings)
    expect(publicNode.peerId).toBe(node.peerId)
    const after = await vi.waitFor(() => ask(notes, sql).collect(), waiting)
    expect(after.rows).toEqual(before.rows)
    expect(after.facts.seq).toBe(before.facts.seq)
    expect(after.head).toEqual(before.head)
    expect(await send()).toMatchObject({ kind: 'refusal', code: 'replayed' })
  })
})

describe('a worker', () => {
  const allTicks = async () => {
    const { rows, facts, head } = await ask(ticks, 'SELECT tick, price FROM ticks ORDER BY tick').collect()
    return { rows, seq: facts.seq, head: head.head }
  }
  /** Neither lost nor doubled: the ticks are 0, 1, 2, … with their prices. */
  const expectWhole = (rows: readonly (readonly Value[])[]) =>
    expect(rows).toEqual(rows.map((_, tick) => [BigInt(tick), BigInt(3 * tick + 1)]))

  test('brings new candles; seq rises, and each head names the one before', async () => {
    const heads = new Map<number, Awaited<ReturnType<typeof allTicks>>>()
    await vi.waitFor(async () => {
      const answer = await allTicks()
      expectWhole(answer.rows)
      heads.set(answer.seq, answer)
      const before = heads.get(answer.seq - 1)
      if (before === undefined) throw new Error('no two snapshots in a row yet')
      expect(answer.head.previousRoot).toBe(before.head.root)
      expect(answer.rows.length).toBeGreaterThan(before.rows.length)
    }, waiting)
  })

  /** Resolves when the worker has asked for candles; the answer never comes. */
  const whileItAsks = () => candles.holdNext().asked
  /** Resolves when the worker writes a segment of its next snapshot, before that has a head. */
  const whileItPublishes = async () => {
    const { id } = await locate(ticks)
    const watcher = watch(join(net.directory, 'worker', 'data', 'snapshots', id, 'segments'))
    await once(watcher, 'change')
    watcher.close()
  }

  test.each([
    ['while it asks', whileItAsks],
    ['while it publishes', whileItPublishes],
  ])('killed with -9 %s loses and doubles nothing', async (_when, moment) => {
    await moment()
    await worker.kill()
    const before = await allTicks()
    const ticksAtKill = candles.count()
    worker = await net.startNode('worker', workerSettings)
    await vi.waitFor(async () => {
      const { rows, seq } = await allTicks()
      expectWhole(rows)
      expect(rows.length).toBeGreaterThan(ticksAtKill)
      expect(seq).toBeGreaterThan(before.seq)
    }, waiting)
  })
})

describe('relays', () => {
  test('one killed in the middle of a long answer: each row once, through the other', async () => {
    const received = countReceivedBytes(subscriber.host)
    const ids: bigint[] = []
    let killedAtMs = 0
    const run = ask(notes, 'SELECT id, note FROM notes')
    for await (const batch of run) {
      if (batch.isRestart) ids.length = 0
      for (const [id] of batch.rows()) ids.push(id as bigint)
      if (killedAtMs === 0) {
        await busiestRelay(received).kill()
        killedAtMs = performance.now()
      }
    }
    expect(performance.now() - killedAtMs).toBeLessThan(settleMs)
    expect(await run.result).toMatchObject({ rowCount: noteRows, isTruncated: false, path: 'blind' })
    expect((await run.result).attempts).toBeGreaterThan(1)
    const sorted = ids.toSorted((a, b) => Number(a - b))
    expect(sorted).toEqual(Array.from({ length: noteRows }, (_, id) => BigInt(id)))
  })

  test('both killed: every call settles in time with a code that says so', async () => {
    const long = ask(notes, 'SELECT id, note FROM notes')[Symbol.asyncIterator]()
    expect((await long.next()).done).toBe(false)
    await Promise.all(net.relays.map((relay) => relay.kill()))
    const startedMs = performance.now()
    const drain = async () => {
      while ((await long.next()).done !== true) continue
    }
    const codes = await Promise.all([
      codeOf(drain()),
      codeOf(ask(notes, 'SELECT count(*) FROM notes').collect()),
      codeOf(subscriber.client.sample({ dataset: notes, sql: 'SELECT * FROM notes' }).collect()),
      codeOf(subscriber.client.dataset(ticks)),
    ])
    expect(performance.now() - startedMs).toBeLessThan(settleMs)
    for (const code of codes) expect(['no-relay', 'no-node']).toContain(code)
  })
})

/** The relay whose connection has brought the most. */
function busiestRelay(received: ReturnType<typeof countReceivedBytes>): NodeProcess {
  const [busiest] = [...received].toSorted(([, a], [, b]) => b - a)
  const relay = net.relays.find(({ peerId }) => peerId === busiest?.[0].remotePeer.toString())
  if (relay === undefined) throw new Error('no relay has brought anything')
  return relay
}
