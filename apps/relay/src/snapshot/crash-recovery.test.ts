import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyHead } from '@enigma/crypto'
import type { Hex, SignedHead } from '@enigma/protocol'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { type Disk, realDisk } from './disk.ts'
import { resumeSnapshot } from './publish-snapshot.ts'
import { openSnapshotStore, type SnapshotStore } from './snapshot-store.ts'
import {
  candles,
  dataset,
  deployment,
  onUnexpectedDamage,
  openPublishing,
  publisher,
  publishRows,
  temporaryDirectory,
} from './test-support/publishing.ts'

class PowerCut extends Error {}

/** A disk on which the machine dies before (or right after) the given write. */
function dyingDisk({ dieAt, after }: { dieAt: number; after: boolean }): Disk & { writes: () => number } {
  let writes = 0
  const dying =
    <Parameters extends unknown[], Result>(write: (...parameters: Parameters) => Promise<Result>) =>
    async (...parameters: Parameters): Promise<Result> => {
      const isLast = ++writes === dieAt
      if (writes > dieAt || (isLast && !after)) throw new PowerCut()
      const result = await write(...parameters)
      if (isLast) throw new PowerCut()
      return result
    }
  return {
    writeFileAtomically: dying(realDisk.writeFileAtomically),
    createFileAtomically: dying(realDisk.createFileAtomically),
    moveIntoPlace: dying(realDisk.moveIntoPlace),
    remove: dying(realDisk.remove),
    readFile: realDisk.readFile,
    sizeOf: realDisk.sizeOf,
    writes: () => writes,
  }
}

async function minutesOf(store: SnapshotStore): Promise<number[]> {
  const snapshots = await store.dataset(dataset)
  const segments = snapshots.latest()?.snapshot.tables[0]?.segments ?? []
  if (segments.length === 0) return []
  const connection = await (await DuckDBInstance.create()).connect()
  const files = segments.map(({ hash }) => `'${snapshots.segmentPath(hash)}'`).join(', ')
  const reader = await connection.runAndReadAll(
    `SELECT epoch_ms(time) // 60000 FROM read_parquet([${files}]) ORDER BY time`,
  )
  return reader.getRows().map(([minute]) => Number(minute))
}

/** No number has two roots, each head's signature holds, each snapshot names the one before it. */
async function expectOneHistory(store: SnapshotStore, everSigned: Map<number, Hex>): Promise<void> {
  const signed = (await store.dataset(dataset)).list().map((stored) => stored.signed)
  for (const [at, { head }] of signed.entries()) {
    expect(everSigned.get(head.seq) ?? head.root).toBe(head.root)
    everSigned.set(head.seq, head.root)
    const before = signed[at - 1]
    if (before !== undefined) expect(head.previousRoot).toBe(before.head.root)
  }
  await Promise.all(
    signed.map((each: SignedHead) => verifyHead({ signed: each, publisher: each.publisher, deployment })),
  )
}

async function publishOnDyingDisk(dieAt: number, after: boolean): Promise<boolean> {
  await using directory = await temporaryDirectory()
  const everSigned = new Map<number, Hex>()
  await publishRows(await openPublishing(directory.path), candles(1, 3))
  const disk = dyingDisk({ dieAt, after })
  const attempt = publishRows(await openPublishing(directory.path, { disk }), candles(3, 6), { keepSnapshots: 0 })
  const hasDied = await attempt.then(
    () => false,
    (error: unknown) => {
      expect(error).toBeInstanceOf(PowerCut)
      return true
    },
  )
  const reopened = await openPublishing(directory.path)
  await expectOneHistory(reopened.store, everSigned)
  expect([
    [1, 2, 3],
    [1, 2, 3, 4, 5, 6],
  ]).toContainEqual(await minutesOf(reopened.store))
  await resumeSnapshot({ store: reopened.store, dataset, publisher, deployment })
  await publishRows(reopened, candles(3, 7))
  await expectOneHistory(reopened.store, everSigned)
  expect(await minutesOf(reopened.store)).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(await leftovers(directory.path)).toEqual([])
  return hasDied
}

async function leftovers(directory: string): Promise<string[]> {
  const names = await readdir(join(directory, 'store'), { recursive: true })
  return names.filter((name) => name.includes('.tmp') || name.startsWith('temporary/'))
}

describe('the snapshot store', () => {
  it('holds whole data and one history, at whichever write the machine dies', { timeout: 120_000 }, async () => {
    for (const after of [false, true]) {
      let dieAt = 1
      while (await publishOnDyingDisk(dieAt, after)) dieAt += 1
      expect(dieAt).toBeGreaterThan(5)
    }
  })

  it('signs a head that was written before the crash as it stands, and never another for its number', async () => {
    await using directory = await temporaryDirectory()
    const disk: Disk = {
      ...realDisk,
      writeFileAtomically: (file) =>
        file.path.endsWith('.signed') ? Promise.reject(new PowerCut()) : realDisk.writeFileAtomically(file),
    }
    const cut = publishRows(await openPublishing(directory.path, { disk }), candles(1, 2))
    await expect(cut).rejects.toBeInstanceOf(PowerCut)
    const { store } = await openPublishing(directory.path)
    const unsigned = (await store.dataset(dataset)).unsigned()
    const resumed = await resumeSnapshot({ store, dataset, publisher, deployment })
    expect(resumed?.signed.head).toMatchObject({ seq: 1, root: unsigned?.root })
    expect((await store.dataset(dataset)).unsigned()).toBeUndefined()
  })

  it('serves the snapshot before one that lost a file, and takes a new number', async () => {
    await using directory = await temporaryDirectory()
    const first = await openPublishing(directory.path)
    await publishRows(first, candles(1, 2))
    const { snapshot } = await publishRows(first, candles(3, 4))
    const snapshots = await first.store.dataset(dataset)
    await realDisk.remove(snapshots.segmentPath(snapshot.tables[0]!.segments[1]!.hash))
    const reopened = await openPublishing(directory.path)
    expect((await reopened.store.dataset(dataset)).latest()?.snapshot.seq).toBe(1)
    const again = await publishRows(reopened, candles(3, 4))
    expect(again.snapshot.seq).toBe(3)
    expect(await minutesOf(reopened.store)).toEqual([1, 2, 3, 4])
  })

  it('survives kill -9 of a process that publishes without end', { timeout: 120_000 }, async () => {
    await using directory = await temporaryDirectory()
    const everSigned = new Map<number, Hex>()
    for (let round = 0; round < 5; round++) {
      await killAfter(directory.path, 2 + round)
      const store = await openSnapshotStore({ directory: join(directory.path, 'store'), onDamaged: onUnexpectedDamage })
      await expectOneHistory(store, everSigned)
      const minutes = await minutesOf(store)
      expect(minutes).toEqual(minutes.map((_, at) => at))
      expect(minutes.length).toBeGreaterThan(round * 2)
    }
  })
})

/** Starts the publisher, waits until it says that it has published `count` times, and kills it in the next one. */
async function killAfter(directory: string, count: number): Promise<void> {
  const child: ChildProcess = fork(new URL('test-support/publish-without-end.ts', import.meta.url), [directory])
  for (let published = 0; published < count; published++) await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')
}
