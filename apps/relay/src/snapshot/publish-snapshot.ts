/**
 * Makes the next snapshot of a dataset: new rows become a new segment beside the published ones, small segments are
 * merged now and then, the head is on disk before it is signed (DESIGN §8).
 */
import { type Signer, signHead, snapshotRoot, tableRoot } from '@enigma/crypto'
import {
  type Deployment,
  type Hex,
  MarketplaceError,
  type ResultColumn,
  type Segment,
  type Snapshot,
  type SnapshotTable,
} from '@enigma/protocol'
import { type DatasetSnapshots, headOf, type StoredSnapshot } from './dataset-snapshots.ts'
import { segmentsToMerge } from './segments-to-merge.ts'
import type { SegmentSource } from './segment-task.ts'
import type { RunSegmentWork } from './segment-worker.ts'
import type { SnapshotStore } from './snapshot-store.ts'

/** One table of the dataset; without `source` it stays as it is. With a `key`, rows are added; else they replace. */
export type TableInput = {
  name: string
  columns: readonly ResultColumn[]
  key?: readonly string[] | undefined
  source?: SegmentSource | undefined
}

export type PublishSnapshotParameters = {
  store: SnapshotStore
  work: RunSegmentWork
  dataset: Hex
  tables: readonly TableInput[]
  publisher: Signer
  deployment: Deployment
  nowSeconds: number
  /** No lower number is given, where other snapshots may have been published that are not here. */
  lowestSeq?: number | undefined
  /** Superseded snapshots kept beside the newest. */
  keepSnapshots?: number | undefined
  /** A table with more segments has its small ones merged; 64. */
  maxSegments?: number | undefined
  onRows?: ((progress: { table: string; rows: number }) => void) | undefined
  signal?: AbortSignal | undefined
}

/** Rows of one table: `added` are new; `skipped` were published already; `conflicts` too, with other values, which stand. */
type TableOutcome = { table: string; added: number; skipped: number; conflicts: number }

export type PublishedSnapshot = StoredSnapshot & {
  /** False when nothing changed: then this is the snapshot that was there before. */
  isNew: boolean
  tables: TableOutcome[]
}

const noRoot: Hex = `0x${'00'.repeat(32)}`

/** Publishes; throws `rows-invalid` for data that does not fit and leaves the published snapshot as it was. */
export async function publishSnapshot(parameters: PublishSnapshotParameters): Promise<PublishedSnapshot> {
  const snapshots = await parameters.store.dataset(parameters.dataset)
  return snapshots.exclusively(async () => {
    await finishUnsigned(snapshots, parameters)
    const previous = snapshots.latest()
    const built: { table: SnapshotTable; outcome: TableOutcome }[] = []
    for (const input of parameters.tables) {
      built.push(await buildTable({ ...parameters, snapshots, input, published: publishedTable(previous, input) }))
    }
    const tables = built.map(({ table }) => table).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const root = await snapshotRoot(tables)
    const outcomes = built.map(({ outcome }) => outcome)
    if (previous?.snapshot.root === root) return { ...previous, isNew: false, tables: outcomes }
    const snapshot = nextSnapshot({ parameters, snapshots, tables, root })
    await snapshots.reserve(snapshot)
    const stored = await signAndCommit(snapshots, snapshot, parameters)
    await snapshots.retain(1 + (parameters.keepSnapshots ?? 3))
    return { ...stored, isNew: true, tables: outcomes }
  })
}

/** Completes a snapshot whose head was written before a crash; returns it, or undefined when there is none. */
export async function resumeSnapshot(
  parameters: Pick<PublishSnapshotParameters, 'store' | 'dataset' | 'publisher' | 'deployment'>,
): Promise<StoredSnapshot | undefined> {
  const snapshots = await parameters.store.dataset(parameters.dataset)
  return snapshots.exclusively(() => finishUnsigned(snapshots, parameters))
}

async function finishUnsigned(
  snapshots: DatasetSnapshots,
  signing: Pick<PublishSnapshotParameters, 'publisher' | 'deployment'>,
): Promise<StoredSnapshot | undefined> {
  const unsigned = snapshots.unsigned()
  return unsigned === undefined ? undefined : signAndCommit(snapshots, unsigned, signing)
}

async function signAndCommit(
  snapshots: DatasetSnapshots,
  snapshot: Snapshot,
  { publisher, deployment }: Pick<PublishSnapshotParameters, 'publisher' | 'deployment'>,
): Promise<StoredSnapshot> {
  const signed = await signHead({ head: headOf(snapshot), signer: publisher, deployment })
  await snapshots.commit({ signed, snapshot })
  return { signed, snapshot }
}

function nextSnapshot({
  parameters,
  snapshots,
  tables,
  root,
}: {
  parameters: PublishSnapshotParameters
  snapshots: DatasetSnapshots
  tables: SnapshotTable[]
  root: Hex
}): Snapshot {
  const previous = snapshots.latest()
  return {
    v: 1,
    dataset: parameters.dataset,
    seq: Math.max(snapshots.highestSeq() + 1, parameters.lowestSeq ?? 1),
    previousRoot: previous?.snapshot.root ?? noRoot,
    root,
    createdAt: Math.max(parameters.nowSeconds, previous?.snapshot.createdAt ?? 0),
    tables,
  }
}

/** What is published of a table; `fits` is false when its columns are no longer the declared ones. */
type PublishedTable = { segments: readonly Segment[]; fits: boolean }

function publishedTable(previous: StoredSnapshot | undefined, { name, columns }: TableInput): PublishedTable {
  const table = previous?.snapshot.tables.find((each) => each.name === name)
  if (table === undefined) return { segments: [], fits: true }
  const fits =
    table.columns.length === columns.length &&
    table.columns.every((column, at) => column.name === columns[at]?.name && column.type === columns[at].type)
  return { segments: table.segments, fits }
}

type BuildTableParameters = PublishSnapshotParameters & {
  snapshots: DatasetSnapshots
  input: TableInput
  published: PublishedTable
}

async function buildTable(parameters: BuildTableParameters): Promise<{ table: SnapshotTable; outcome: TableOutcome }> {
  const { input, published } = parameters
  const { name, key, source } = input
  const columns = input.columns.map(({ name: column, type }) => ({ name: column, type }))
  if (!published.fits && (source === undefined || key !== undefined)) throw columnsChanged(name)
  const outcome: TableOutcome = { table: name, added: 0, skipped: 0, conflicts: 0 }
  if (source === undefined) return { table: await tableOf(name, columns, published.segments), outcome }
  const known = key === undefined ? [] : published.segments
  const { segment, skipped, conflicts } = await buildSegment({ ...parameters, columns, source, key, known })
  const all = key === undefined ? [segment] : [...known, ...(segment.rows === 0 ? [] : [segment])]
  const table = await tableOf(name, columns, await mergeSegments({ ...parameters, columns, segments: all }))
  return { table, outcome: { ...outcome, added: segment.rows, skipped, conflicts } }
}

async function tableOf(name: string, columns: ResultColumn[], segments: readonly Segment[]): Promise<SnapshotTable> {
  return { name, columns, segments: [...segments], root: await tableRoot(segments) }
}

type BuildSegmentParameters = BuildTableParameters & {
  columns: readonly ResultColumn[]
  source: SegmentSource
  key: readonly string[] | undefined
  known: readonly Segment[]
}

async function buildSegment(
  parameters: BuildSegmentParameters,
): Promise<{ segment: Segment; skipped: number; conflicts: number }> {
  const { store, snapshots, work, columns, source, key, known, input, onRows, signal } = parameters
  const outPath = store.newTemporaryPath()
  const facts = await work({
    task: {
      kind: 'build',
      columns,
      source,
      key,
      published: known.map(({ hash }) => snapshots.segmentPath(hash)),
      outPath,
    },
    code: 'rows-invalid',
    onRows: (rows) => onRows?.({ table: input.name, rows }),
    signal,
  })
  const { rows, root, skipped, conflicts } = facts
  const file = await snapshots.putSegment(outPath)
  return { segment: { ...file, rows, root }, skipped, conflicts }
}

/** Replaces the tail of small segments by one, when there are many; rows and their order stay. */
async function mergeSegments(
  parameters: BuildTableParameters & { columns: readonly ResultColumn[]; segments: readonly Segment[] },
): Promise<readonly Segment[]> {
  const { segments, snapshots, maxSegments = 64 } = parameters
  const from = segmentsToMerge({ rows: segments.map(({ rows }) => rows), maxSegments })
  if (from === undefined) return segments
  const paths = segments.slice(from).map(({ hash }) => snapshots.segmentPath(hash))
  const source: SegmentSource = { format: 'segments', paths }
  const { segment } = await buildSegment({ ...parameters, source, key: undefined, known: [] })
  return [...segments.slice(0, from), segment]
}

function columnsChanged(table: string): MarketplaceError {
  return new MarketplaceError({
    code: 'rows-invalid',
    message: `The columns of table ${table} are not those of the published snapshot, whose rows cannot be kept; give the table a new name, or publish it without a key.`,
  })
}
