/** What the tests of this folder share: a store in a temporary directory, a publisher, rows on disk. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex, ResultColumn, Value } from '@enigma/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import type { Disk } from '../disk.ts'
import { type PublishedSnapshot, publishSnapshot, type TableInput } from '../publish-snapshot.ts'
import { encodeRowLine } from '../row-line.ts'
import { SegmentDataError, runSegmentTask } from '../segment-work.ts'
import { type RunSegmentWork, segmentDataError } from '../segment-worker.ts'
import { openSnapshotStore, type SnapshotStore } from '../snapshot-store.ts'

export const dataset: Hex = `0x${'da'.repeat(32)}`
export const deployment = { chainId: 31337, marketplace: `0x${'11'.repeat(20)}` } as const
export const publisher = privateKeyToAccount(`0x${'01'.repeat(32)}`)
export const stranger = privateKeyToAccount(`0x${'02'.repeat(32)}`)

export const candleColumns: ResultColumn[] = [
  { name: 'product', type: 'text' },
  { name: 'time', type: 'timestamp' },
  { name: 'close', type: 'decimal(18,4)' },
]

/** A directory that is removed when the test's `using` scope ends. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'enigma-snapshot-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Candle rows of minutes `from` to `to`. */
export function candles(from: number, to: number): Value[][] {
  return Array.from({ length: to - from + 1 }, (_, at) => {
    const minute = from + at
    return ['AAPL', BigInt(minute) * 60_000_000n, BigInt(minute) * 10_000n + 1n]
  })
}

export type Publishing = { store: SnapshotStore; directory: string }

/** What is told of damaged files where there are none. */
export function onUnexpectedDamage(error: unknown): never {
  throw error
}

/** Opens a store under a directory. */
export async function openPublishing(
  directory: string,
  { onDamaged = onUnexpectedDamage, ...rest }: { disk?: Disk; onDamaged?: (error: unknown) => void } = {},
): Promise<Publishing> {
  const store = await openSnapshotStore({ directory: join(directory, 'store'), onDamaged, ...rest })
  return { store, directory }
}

/** Publishes rows of one keyed table `candles`. */
export async function publishRows(
  { store, directory }: Publishing,
  rows: readonly (readonly Value[])[],
  {
    table = { name: 'candles', columns: candleColumns, key: ['product', 'time'] },
    nowSeconds = 1000,
    lowestSeq,
    maxSegments,
    keepSnapshots,
    signer = publisher,
    work = workInProcess(store),
  }: {
    table?: TableInput
    nowSeconds?: number
    lowestSeq?: number
    maxSegments?: number
    keepSnapshots?: number
    signer?: typeof publisher
    work?: RunSegmentWork
  } = {},
): Promise<PublishedSnapshot> {
  const path = join(directory, `rows-${crypto.randomUUID()}.ndjson`)
  await writeFile(path, rows.map((row) => `${encodeRowLine(table.columns, row)}\n`).join(''))
  return publishSnapshot({
    store,
    work,
    keepSnapshots,
    dataset,
    tables: [{ ...table, source: { format: 'rows', paths: [path] } }],
    publisher: signer,
    deployment,
    nowSeconds,
    lowestSeq,
    maxSegments,
  })
}

/** Does the work in this process, without the start of a process for each task. */
export function workInProcess({ temporaryDirectory }: Pick<SnapshotStore, 'temporaryDirectory'>): RunSegmentWork {
  return async ({ task, code }) => {
    try {
      return await runSegmentTask({ task, memoryBytes: 256 * 1024 ** 2, temporaryDirectory })
    } catch (error) {
      throw error instanceof SegmentDataError ? segmentDataError(code, error.message) : error
    }
  }
}
