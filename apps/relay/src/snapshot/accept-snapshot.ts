/**
 * Takes in a snapshot that its publisher offers: head, number, parent and description are checked before a byte of data
 * moves, segments by hash as they arrive, Merkle roots from what the files hold; the snapshot is complete only then, and
 * until then the one before it serves (DESIGN §8).
 */
import { snapshotRoot, tableRoot, verifyHead } from '@enigma/crypto'
import {
  type Column,
  decodeSnapshot,
  type Deployment,
  type Hex,
  limits,
  MarketplaceError,
  type Segment,
  type SignedHead,
  type Snapshot,
} from '@enigma/protocol'
import { type DatasetSnapshots, headOf, type StoredSnapshot } from './dataset-snapshots.ts'
import { receiveSegment, type FetchSegment } from './receive-segment.ts'
import type { RunSegmentWork } from './segment-worker.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export type AcceptSnapshotParameters = {
  store: SnapshotStore
  work: RunSegmentWork
  dataset: Hex
  /** The account that the chain names as the dataset's publisher. */
  publisher: Hex
  deployment: Deployment
  /** The tables that the manifest declares; absent for any tables, which the next version of the manifest may change. */
  tables?: readonly { name: string; columns: readonly Pick<Column, 'name' | 'type'>[] }[] | undefined
  signed: SignedHead
  /** Encoded `Snapshot`. */
  description: Uint8Array
  /** Sends the bytes of a segment from an offset on. */
  fetchSegment: FetchSegment
  nowSeconds: number
  /** All segments of the snapshot together. */
  maxBytes: number
  /** The same in rows; any number when absent. */
  maxRows?: number | undefined
  keepSnapshots?: number | undefined
  onProgress?: ((progress: { bytes: number; totalBytes: number }) => void) | undefined
  signal?: AbortSignal | undefined
}

/** Accepts the snapshot, or throws `snapshot-invalid` and changes nothing that serves; the same offer twice is no error. */
export async function acceptSnapshot(parameters: AcceptSnapshotParameters): Promise<StoredSnapshot> {
  const { store, dataset, signed, keepSnapshots = 3 } = parameters
  const snapshots = await store.dataset(dataset)
  return snapshots.exclusively(async () => {
    await checkHead(parameters)
    const latest = snapshots.latest()
    if (latest !== undefined && isSame(latest, signed)) return latest
    checkOrder(latest, signed)
    const snapshot = decodeSnapshot(parameters.description)
    await checkDescription(snapshot, parameters)
    await snapshots.makeRoomFor(snapshot)
    await takeSegments(snapshot, snapshots, parameters)
    const stored = { signed, snapshot }
    await snapshots.commit(stored)
    await snapshots.retain(1 + keepSnapshots)
    return stored
  })
}

async function checkHead({
  signed,
  publisher,
  deployment,
  dataset,
  nowSeconds,
}: AcceptSnapshotParameters): Promise<void> {
  const head = await verifyHead({ signed, publisher: publisher.toLowerCase() as Hex, deployment })
  if (head.dataset !== dataset) throw invalid('it is of another dataset')
  if (head.createdAt > nowSeconds + limits.clockSkewSeconds) {
    throw invalid(`it is dated ${head.createdAt - nowSeconds} s in the future`)
  }
}

function isSame({ signed: { head } }: StoredSnapshot, offered: SignedHead): boolean {
  return head.seq === offered.head.seq && head.root === offered.head.root
}

/** The next number must name this snapshot as its parent; a later one may come after an absence. */
function checkOrder(latest: StoredSnapshot | undefined, { head }: SignedHead): void {
  if (latest === undefined) return
  const { seq, root, createdAt } = latest.signed.head
  if (head.seq === seq) {
    throw invalid(`its publisher signed two snapshots with the number ${seq}: ${root} and ${head.root}`)
  }
  if (head.seq < seq) throw invalid(`its number ${head.seq} is lower than ${seq}, which is here`)
  if (head.createdAt < createdAt) throw invalid('it is older than the snapshot before it')
  if (head.seq === seq + 1 && head.previousRoot !== root) throw invalid('its parent is not the snapshot before it')
}

async function checkDescription(
  snapshot: Snapshot,
  { signed, tables, maxBytes, maxRows = Infinity }: AcceptSnapshotParameters,
): Promise<void> {
  const head = headOf(snapshot)
  const isOfHead = Object.entries(head).every(([name, value]) => signed.head[name as keyof typeof head] === value)
  if (!isOfHead) throw invalid('its description is not the one that was signed')
  if (tables !== undefined && !declares(tables, snapshot)) throw invalid('its tables are not those of the manifest')
  for (const { segments, root } of snapshot.tables) {
    if ((await tableRoot(segments)) !== root) throw invalid('a root of a table is not over its segments')
  }
  if ((await snapshotRoot(snapshot.tables)) !== snapshot.root) throw invalid('its root is not over its tables')
  const totalRows = segmentsOf(snapshot).reduce((sum, { rows }) => sum + rows, 0)
  if (totalRows > maxRows) throw invalid(`it has ${totalRows} rows, and this node takes at most ${maxRows}`)
  const totalBytes = segmentsOf(snapshot).reduce((sum, { bytes }) => sum + bytes, 0)
  if (totalBytes > maxBytes) throw invalid(`it has ${totalBytes} bytes, and this node takes at most ${maxBytes}`)
}

function declares(declared: NonNullable<AcceptSnapshotParameters['tables']>, { tables }: Snapshot): boolean {
  const nameOf = ({ name, columns }: (typeof declared)[number]) =>
    JSON.stringify([name, columns.map((column) => [column.name, column.type])])
  const expected = declared.map(nameOf).toSorted()
  const found = tables.map(nameOf).toSorted()
  return expected.length === found.length && expected.every((table, index) => table === found[index])
}

function segmentsOf({ tables }: Snapshot): Segment[] {
  return tables.flatMap(({ segments }) => segments)
}

async function takeSegments(
  snapshot: Snapshot,
  snapshots: DatasetSnapshots,
  { fetchSegment, work, onProgress, signal }: AcceptSnapshotParameters,
): Promise<void> {
  const totalBytes = segmentsOf(snapshot).reduce((sum, { bytes }) => sum + bytes, 0)
  const verified = new Set(snapshots.list().flatMap((stored) => segmentsOf(stored.snapshot).map(keyOf)))
  let bytes = 0
  for (const { columns, segments } of snapshot.tables) {
    for (const segment of segments) {
      const done = bytes
      const progress = (received: number) => onProgress?.({ bytes: done + received, totalBytes })
      const isHere = await snapshots.hasSegment(segment)
      if (!isHere) await receiveSegment({ snapshots, segment, fetchSegment, onBytes: progress, signal })
      if (!isHere || !verified.has(keyOf(segment))) {
        const task = {
          kind: 'inspect' as const,
          columns,
          path: snapshots.segmentPath(segment.hash),
          maxRows: segment.rows,
        }
        const { rows, root } = await work({ task, code: 'snapshot-invalid', signal })
        if (rows !== segment.rows || root !== segment.root) throw invalid('a segment does not hold the rows it names')
      }
      bytes += segment.bytes
      progress(0)
    }
  }
}

/** A segment counts as verified only with all that its description says of it. */
function keyOf({ hash, bytes, rows, root }: Segment): string {
  return `${hash} ${bytes} ${rows} ${root}`
}

function invalid(why: string): MarketplaceError {
  return new MarketplaceError({
    code: 'snapshot-invalid',
    message: 'The offered snapshot is refused; the publisher must mend it and offer it again.',
    details: why,
  })
}
