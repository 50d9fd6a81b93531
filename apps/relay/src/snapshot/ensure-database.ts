/** Makes the database that serves a snapshot, where it is not there yet; by appending to an older one where that works. */
import { access, rm } from 'node:fs/promises'
import type { ResultColumn, Snapshot } from '@enigma/protocol'
import { moveIntoPlace } from './atomic-file.ts'
import type { DatasetSnapshots, StoredSnapshot } from './dataset-snapshots.ts'
import type { SnapshotStore } from './snapshot-store.ts'

/** What the engine does with segments (`Engine.ingest`): writes `databasePath`, which does not exist. */
export type IngestSegments = (parameters: {
  databasePath: string
  previous?: { databasePath: string; segments: Readonly<Record<string, number>> } | undefined
  tables: readonly { name: string; columns: readonly ResultColumn[]; segmentPaths: readonly string[] }[]
  maxBytes?: number | undefined
  signal?: AbortSignal | undefined
}) => Promise<void>

export type EnsureDatabaseParameters = {
  store: SnapshotStore
  stored: StoredSnapshot
  ingest: IngestSegments
  /** The largest file that may be made; any size when absent. */
  maxBytes?: number | undefined
  signal?: AbortSignal | undefined
}

/** The path of the snapshot's database, which is whole; it is removed when the store drops the snapshot. */
export async function ensureDatabase({
  store,
  stored,
  ingest,
  maxBytes,
  signal,
}: EnsureDatabaseParameters): Promise<string> {
  const { snapshot } = stored
  const snapshots = await store.dataset(snapshot.dataset)
  const path = snapshots.databasePath(snapshot.seq)
  if (await isThere(path)) return path
  const databasePath = store.newTemporaryPath()
  const tables = snapshot.tables.map(({ name, columns, segments }) => ({
    name,
    columns,
    segmentPaths: segments.map(({ hash }) => snapshots.segmentPath(hash)),
  }))
  const request = { databasePath, tables, maxBytes, signal }
  try {
    const previous = await previousOf(snapshots, snapshot)
    if (previous === undefined) await ingest(request)
    else await ingest({ ...request, previous }).catch((error: unknown) => ingestAnew(ingest, request, error))
    await moveIntoPlace({ from: databasePath, to: path })
  } finally {
    await rm(databasePath, { force: true })
  }
  return path
}

/** The older database may be damaged; the segments alone are what was verified. */
async function ingestAnew(ingest: IngestSegments, request: Parameters<IngestSegments>[0], error: unknown) {
  if (request.signal?.aborted === true) throw error
  await rm(request.databasePath, { force: true })
  await ingest(request)
}

/** The newest older database whose segments are the first ones of this snapshot, table by table. */
async function previousOf(snapshots: DatasetSnapshots, snapshot: Snapshot) {
  const older = snapshots.list().filter((each) => each.snapshot.seq < snapshot.seq && isPrefix(each.snapshot, snapshot))
  for (const each of older.toReversed()) {
    const databasePath = snapshots.databasePath(each.snapshot.seq)
    if (!(await isThere(databasePath))) continue
    const counts = each.snapshot.tables.map(({ name, segments }) => [name, segments.length] as const)
    return { databasePath, segments: Object.fromEntries(counts) }
  }
  return undefined
}

function isPrefix(older: Snapshot, newer: Snapshot): boolean {
  return (
    older.tables.length === newer.tables.length &&
    older.tables.every(({ name, columns, segments }) => {
      const table = newer.tables.find((each) => each.name === name)
      const hasColumns = table?.columns.every(
        (column, at) => column.name === columns[at]?.name && column.type === columns[at].type,
      )
      return hasColumns === true && segments.every(({ hash }, at) => table?.segments[at]?.hash === hash)
    })
  )
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
