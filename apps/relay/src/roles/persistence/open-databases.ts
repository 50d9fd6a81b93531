/** Opens the databases of one snapshot: all tables for subscribers, the sample tables apart and in processes apart. */
import { rm } from 'node:fs/promises'
import { type Manifest, MarketplaceError, type Snapshot } from '@enigma/protocol'
import type { StoredSnapshot } from '../../snapshot/dataset-snapshots.ts'
import { ensureDatabase } from '../../snapshot/ensure-database.ts'
import type { SnapshotStore } from '../../snapshot/snapshot-store.ts'
import type { Engine, EngineTable } from './engine/engine.ts'
import { createLeasedDatabase, type LeasedDatabase } from './leased-database.ts'

export type OpenDatabaseParts = {
  store: SnapshotStore
  engine: Engine
  /** An engine of its own, so that free queries never take a process from subscribers. */
  sampleEngine: Engine
}

/** Opens all tables of a snapshot, ingesting its segments when no database is there yet, or one that cannot be opened. */
export async function openFullDatabase({
  parts: { store, engine },
  stored,
  maxBytes,
  signal,
}: {
  parts: OpenDatabaseParts
  stored: StoredSnapshot
  maxBytes?: number | undefined
  signal: AbortSignal
}): Promise<LeasedDatabase> {
  const ingest = engine.ingest.bind(engine)
  const ensure = () => ensureDatabase({ store, stored, ingest, maxBytes, signal })
  const open = (databasePath: string) => engine.open({ databasePath, tables: tablesOf(stored.snapshot) })
  const databasePath = await ensure()
  const database = await open(databasePath).catch(async (error: unknown) => {
    // The file may be damaged: it is made again of the segments, which were verified.
    if (signal.aborted || !isEngineFailure(error)) throw error
    await rm(databasePath, { force: true })
    return open(await ensure())
  })
  return createLeasedDatabase({ database, onClosed: () => Promise.resolve() })
}

/** Not of an engine that took too long to start, whose file may be sound. */
function isEngineFailure(error: unknown): boolean {
  return error instanceof MarketplaceError && error.code === 'engine-failed'
}

/** Opens the rows that anyone may query, in a file of their own; undefined when the dataset offers none. */
export async function openSampleDatabase({
  parts: { store, sampleEngine },
  stored: { snapshot },
  manifest,
  maxBytes,
  signal,
}: {
  parts: OpenDatabaseParts
  stored: StoredSnapshot
  manifest: Manifest
  maxBytes?: number | undefined
  signal?: AbortSignal
}): Promise<LeasedDatabase | undefined> {
  const firstRows = Object.fromEntries(manifest.sample.map(({ table, rows }) => [table, rows]))
  const snapshots = await store.dataset(snapshot.dataset)
  const tables = snapshot.tables
    .filter(({ name }) => firstRows[name] !== undefined)
    .map(({ name, columns, segments }) => ({
      name,
      columns,
      segmentPaths: firstSegments(segments, firstRows[name] ?? 0).map(({ hash }) => snapshots.segmentPath(hash)),
    }))
  if (tables.length === 0) return undefined
  const databasePath = store.newTemporaryPath()
  await sampleEngine.ingest({ databasePath, tables, firstRows, maxBytes, signal })
  const remove = () => rm(databasePath, { force: true })
  try {
    const opened = tables.map(({ name, columns }) => ({ name, columns }))
    const database = await sampleEngine.open({ databasePath, tables: opened })
    return createLeasedDatabase({ database, onClosed: remove })
  } catch (error) {
    await remove()
    throw error
  }
}

/** The segments that hold the first `rows` rows of a table. */
function firstSegments<Segment extends { rows: number }>(segments: readonly Segment[], rows: number): Segment[] {
  const taken: Segment[] = []
  let covered = 0
  for (const segment of segments) {
    if (covered >= rows) break
    taken.push(segment)
    covered += segment.rows
  }
  return taken
}

function tablesOf({ tables }: Snapshot): EngineTable[] {
  return tables.map(({ name, columns }) => ({ name, columns }))
}
