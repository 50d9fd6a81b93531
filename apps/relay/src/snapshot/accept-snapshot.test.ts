import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signHead, snapshotRoot, tableRoot } from '@enigma/crypto'
import { decodeSnapshot, encodeSnapshot, type Hex, type Snapshot, type SignedHead } from '@enigma/protocol'
import { describe, expect, it } from 'vitest'
import { acceptSnapshot, type AcceptSnapshotParameters } from './accept-snapshot.ts'
import { headOf } from './dataset-snapshots.ts'
import { hashFile } from './hash-file.ts'
import { createSnapshotSource } from './snapshot-source.ts'
import { openSnapshotStore, type SnapshotStore } from './snapshot-store.ts'
import {
  candleColumns,
  candles,
  dataset,
  deployment,
  onUnexpectedDamage,
  openPublishing,
  publisher,
  publishRows,
  stranger,
  temporaryDirectory,
  workInProcess,
} from './test-support/publishing.ts'

type Offer = { signed: SignedHead; description: Uint8Array }

async function setUp(directory: string) {
  const publishing = await openPublishing(directory)
  const store = await openSnapshotStore({ directory: join(directory, 'receiver'), onDamaged: onUnexpectedDamage })
  const source = createSnapshotSource(publishing)
  const accept = (offer: Offer, changes: Partial<AcceptSnapshotParameters> = {}) =>
    acceptSnapshot({
      store,
      work: workInProcess(store),
      dataset,
      publisher: publisher.address,
      deployment,
      tables: [{ name: 'candles', columns: candleColumns }],
      ...offer,
      fetchSegment: (wish) => source.readSegment(wish),
      nowSeconds: 2000,
      maxBytes: 10_000_000,
      ...changes,
    })
  const publish = async (from: number, to: number): Promise<Offer> => {
    const { signed, snapshot } = await publishRows(publishing, candles(from, to))
    return { signed, description: encodeSnapshot(snapshot) }
  }
  return { publishing, store, accept, publish }
}

async function forge(offer: Offer, change: (snapshot: Snapshot) => Snapshot, by = publisher): Promise<Offer> {
  const snapshot = change(decodeSnapshot(offer.description))
  const tables = await Promise.all(
    snapshot.tables.map(async (table) => ({ ...table, root: await tableRoot(table.segments) })),
  )
  const whole = { ...snapshot, tables, root: await snapshotRoot(tables) }
  return { signed: await signHead({ head: headOf(whole), signer: by, deployment }), description: encodeSnapshot(whole) }
}

async function latestSeq(store: SnapshotStore): Promise<number | undefined> {
  return (await store.dataset(dataset)).latest()?.snapshot.seq
}

const firstSegment =
  (change: (segment: Snapshot['tables'][number]['segments'][number]) => object) => (snapshot: Snapshot) => ({
    ...snapshot,
    tables: snapshot.tables.map((table) => ({
      ...table,
      segments: table.segments.map((segment, at) => (at === 0 ? { ...segment, ...change(segment) } : segment)),
    })),
  })
async function* nothing() {
  yield await Promise.resolve(new Uint8Array(0))
}
const other: Hex = `0x${'ee'.repeat(32)}`

describe('acceptSnapshot', () => {
  it('takes snapshot after snapshot, moving only new segments', async () => {
    await using directory = await temporaryDirectory()
    const { store, accept, publish, publishing } = await setUp(directory.path)
    const fetched: string[] = []
    const source = createSnapshotSource(publishing)
    const fetchSegment: AcceptSnapshotParameters['fetchSegment'] = (wish) => {
      fetched.push(wish.hash)
      return source.readSegment(wish)
    }
    await accept(await publish(1, 5), { fetchSegment })
    const second = await publish(6, 7)
    const stored = await accept(second, { fetchSegment })
    expect(fetched).toEqual(stored.snapshot.tables[0]?.segments.map(({ hash }) => hash))
    expect(fetched).toHaveLength(2)
    await expect(accept(second)).resolves.toEqual(stored)
    expect(await latestSeq(store)).toBe(2)
  })

  it('accepts a later number after an absence', async () => {
    await using directory = await temporaryDirectory()
    const { store, accept, publish } = await setUp(directory.path)
    await accept(await publish(1, 2))
    await publish(3, 3)
    await accept(await publish(4, 4))
    expect(await latestSeq(store)).toBe(3)
  })

  it('keeps of snapshots that were never whole only what the present offer names', async () => {
    await using directory = await temporaryDirectory()
    const { accept, publish, publishing } = await setUp(directory.path)
    const source = createSnapshotSource(publishing)
    const folder = join(directory.path, 'receiver', dataset)
    const arrived = async () => [
      ...(await readdir(join(folder, 'segments'))),
      ...(await readdir(join(folder, 'partial'))).map((name) => name.replace('.part', '.parquet')),
    ]
    await accept(await publish(1, 5))
    const kept = await arrived()
    for (let minute = 10; minute < 14; minute++) {
      const offer = await publish(minute, minute)
      const named = decodeSnapshot(offer.description).tables.flatMap((table) => table.segments)
      const untrue = await forge(offer, (snapshot) => ({
        ...snapshot,
        tables: snapshot.tables.map((table) => ({
          ...table,
          segments: [...table.segments, { hash: other, bytes: 10, rows: 1, root: other }],
        })),
      }))
      await expect(
        accept(untrue, {
          fetchSegment: (wish) => (wish.hash === other ? nothing() : source.readSegment(wish)),
        }),
      ).rejects.toMatchObject({ code: 'aborted' })
      const names = named.map(({ hash }) => `${hash}.parquet`)
      expect((await arrived()).toSorted()).toEqual([...new Set([...kept, ...names, `${other}.parquet`])].toSorted())
    }
  })

  it('goes on where a cut transfer ended, also after a restart', async () => {
    await using directory = await temporaryDirectory()
    const { accept, publish, publishing } = await setUp(directory.path)
    const offer = await publish(1, 400)
    const source = createSnapshotSource(publishing)
    const offsets: number[] = []
    const cutAfter = (count: number): AcceptSnapshotParameters['fetchSegment'] =>
      async function* (wish) {
        offsets.push(wish.offset)
        let left = count
        for await (const chunk of source.readSegment(wish)) {
          yield chunk.subarray(0, left)
          left -= chunk.length
          if (left <= 0) throw new Error('the connection is gone')
        }
      }
    await expect(accept(offer, { fetchSegment: cutAfter(700) })).rejects.toThrow('the connection is gone')
    const reopened = await openSnapshotStore({
      directory: join(directory.path, 'receiver'),
      onDamaged: onUnexpectedDamage,
    })
    await accept(offer, { store: reopened, fetchSegment: cutAfter(Infinity) })
    expect(offsets).toEqual([0, 700])
    expect(await latestSeq(reopened)).toBe(1)
  })

  const refusals: [string, (offer: Offer, earlier: Offer) => Promise<Offer> | Offer][] = [
    ['signed by a stranger', (offer) => forge(offer, (snapshot) => snapshot, stranger)],
    ['of another dataset', (offer) => forge(offer, (snapshot) => ({ ...snapshot, dataset: other }))],
    ['dated in the future', (offer) => forge(offer, (snapshot) => ({ ...snapshot, createdAt: 99_999 }))],
    ['dated before the last', (offer) => forge(offer, (snapshot) => ({ ...snapshot, createdAt: 1 }))],
    ['of a lower number', (offer) => forge(offer, (snapshot) => ({ ...snapshot, seq: 0 }))],
    ['of the same number with another root', (offer) => forge(offer, (snapshot) => ({ ...snapshot, seq: 1 }))],
    ['with another parent', (offer) => forge(offer, (snapshot) => ({ ...snapshot, previousRoot: other }))],
    ['with the description of another', (offer, earlier) => ({ ...offer, description: earlier.description })],
    ['with a cut description', (offer) => ({ ...offer, description: offer.description.subarray(0, 50) })],
    [
      'with undeclared columns',
      (offer) =>
        forge(offer, (snapshot) => ({
          ...snapshot,
          tables: snapshot.tables.map((table) => ({ ...table, columns: table.columns.slice(1) })),
        })),
    ],
    [
      'with an undeclared table',
      (offer) =>
        forge(offer, (snapshot) => ({
          ...snapshot,
          tables: snapshot.tables.map((table) => ({ ...table, name: 'others' })),
        })),
    ],
    [
      'larger than this node takes',
      (offer) =>
        forge(
          offer,
          firstSegment(() => ({ bytes: 2 ** 40, hash: other })),
        ),
    ],
    [
      'with a wrong number of rows',
      (offer) =>
        forge(
          offer,
          firstSegment(({ rows }) => ({ rows: rows + 1 })),
        ),
    ],
    [
      'with fewer rows than the file',
      (offer) =>
        forge(
          offer,
          firstSegment(({ rows }) => ({ rows: rows - 1 })),
        ),
    ],
    [
      'with a wrong root of a segment',
      (offer) =>
        forge(
          offer,
          firstSegment(() => ({ root: other })),
        ),
    ],
  ]
  it.each(refusals)('refuses a snapshot %s and accepts the honest one after it', async (_name, change) => {
    await using directory = await temporaryDirectory()
    const { store, accept, publish } = await setUp(directory.path)
    const earlier = await publish(1, 2)
    await accept(earlier)
    const honest = await publish(3, 4)
    await expect(accept(await change(honest, earlier))).rejects.toMatchObject({ code: 'snapshot-invalid' })
    expect(await latestSeq(store)).toBe(1)
    await accept(honest)
    expect(await latestSeq(store)).toBe(2)
  })

  it('refuses other bytes than the hash names, too many bytes, and a file that is no Parquet', async () => {
    await using directory = await temporaryDirectory()
    const { store, accept, publish, publishing } = await setUp(directory.path)
    const honest = await publish(1, 4)
    const source = createSnapshotSource(publishing)
    const flipped: AcceptSnapshotParameters['fetchSegment'] = async function* (wish) {
      for await (const chunk of source.readSegment(wish)) yield chunk.map((byte) => byte ^ 1)
    }
    const endless: AcceptSnapshotParameters['fetchSegment'] = async function* () {
      for (;;) yield await Promise.resolve(new Uint8Array(100_000))
    }
    await expect(accept(honest, { fetchSegment: flipped })).rejects.toMatchObject({ code: 'snapshot-invalid' })
    await expect(accept(honest, { fetchSegment: endless })).rejects.toMatchObject({ code: 'snapshot-invalid' })
    const junk = join(directory.path, 'junk')
    await writeFile(junk, 'not parquet at all')
    const { hash, bytes } = await hashFile(junk)
    const forged = await forge(
      honest,
      firstSegment(() => ({ hash, bytes })),
    )
    const fetchSegment: AcceptSnapshotParameters['fetchSegment'] = async function* () {
      yield await readFile(junk)
    }
    await expect(accept(forged, { fetchSegment })).rejects.toMatchObject({ code: 'snapshot-invalid' })
    await accept(honest)
    expect(await latestSeq(store)).toBe(1)
  })

  it('keeps the newest snapshots and drops the rest with their segments', async () => {
    await using directory = await temporaryDirectory()
    const { store, accept, publish } = await setUp(directory.path)
    for (const minute of [1, 2, 3]) await accept(await publish(minute, minute), { keepSnapshots: 1 })
    const snapshots = await store.dataset(dataset)
    expect(snapshots.list().map(({ snapshot }) => snapshot.seq)).toEqual([2, 3])
    await expect(stat(snapshots.databasePath(1))).rejects.toThrow('ENOENT')
  })
})
