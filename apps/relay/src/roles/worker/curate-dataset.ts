/** One scheduled run of a dataset: script → checked rows → next snapshot; a failure changes nothing but the run log. */
import { type Signer } from '@enigma/crypto'
import { type Deployment, errorToRefusal, type Hex, type Manifest, MarketplaceError } from '@enigma/protocol'
import type { StoredSnapshot } from '../../snapshot/dataset-snapshots.ts'
import { type PublishedSnapshot, publishSnapshot, type TableInput } from '../../snapshot/publish-snapshot.ts'
import type { RunSegmentWork } from '../../snapshot/segment-worker.ts'
import type { SnapshotStore } from '../../snapshot/snapshot-store.ts'
import type { Clock } from '../../clock.ts'
import type { RunLog, RunOutcome } from './run-log.ts'
import { runScript, type RunScriptParameters, type ScriptRun } from './run-script.ts'

/** A dataset whose script this worker runs. */
export type WorkerDataset = {
  dataset: Hex
  manifest: Manifest
  /** Reads the script's source; read again for each run. */
  readScript: () => Promise<Uint8Array>
}

export type CurateParts = {
  store: SnapshotStore
  work: RunSegmentWork
  runLog: RunLog
  clock: Clock
  deployment: Deployment
  publisher: Signer
  hostOverrides: Readonly<Record<string, string>>
  keepSnapshots?: number | undefined
  /** What a run is given beside the manifest: tools, limits, name resolution. */
  sandbox?: Pick<RunScriptParameters, 'tools' | 'limits' | 'resolveHost'> | undefined
}

export type CurateParameters = {
  parts: CurateParts
  target: WorkerDataset
  scheduledAtMs: number
  /** Makes the store the newest there is, so that nothing is signed twice. */
  findPlace: () => Promise<PublisherPlace>
  signal: AbortSignal
}

/** Where publication goes on: no lower number may be signed. */
export type PublisherPlace = { lowestSeq: number }

const loggedBytes = 16 * 1024

/** Runs once and logs how it ended. Returns the new snapshot, or undefined for a failed run or one with nothing new. */
export async function curateDataset(parameters: CurateParameters): Promise<StoredSnapshot | undefined> {
  const { parts, target, scheduledAtMs, signal } = parameters
  const { runLog, clock } = parts
  const id = runLog.start({ dataset: target.dataset, scheduledAtMs, startedAtMs: clock.nowMs() })
  const said: string[] = []
  try {
    const { run, published } = await curate(parameters, said)
    runLog.end({ id, endedAtMs: clock.nowMs(), ...goodOutcome(run, published), log: joined(said) })
    return published.isNew ? published : undefined
  } catch (error) {
    // A run that ends because the worker stops stays open in the log, so that its time is due again.
    if (signal.aborted) return undefined
    runLog.end({ id, endedAtMs: clock.nowMs(), ...badOutcome(error), log: joined(said) })
    return undefined
  }
}

async function curate(
  { parts, target, scheduledAtMs, findPlace, signal }: CurateParameters,
  said: string[],
): Promise<{ run: ScriptRun; published: PublishedSnapshot }> {
  const { dataset, manifest } = target
  const { script, tables } = manifest
  if (script === undefined) throw noScript()
  checkPublisher(parts, manifest)
  const { lowestSeq } = await findPlace()
  const latest = (await parts.store.dataset(dataset)).latest()?.snapshot
  const run = await runScript({
    plan: { script, tables },
    source: await target.readScript(),
    scheduledAtMs,
    sinceMs: latest === undefined ? undefined : parts.runLog.lastGoodMs(dataset),
    previous: latest && { seq: latest.seq, createdAtSeconds: latest.createdAt },
    hostOverrides: parts.hostOverrides,
    spoolDirectory: parts.store.newTemporaryPath(),
    onLog: (text) => said.push(text),
    signal,
    ...parts.sandbox,
  })
  try {
    return { run, published: await publish({ parts, target, run, lowestSeq, signal }) }
  } finally {
    await run.discard()
  }
}

function publish({
  parts,
  target: { dataset, manifest },
  run,
  lowestSeq,
  signal,
}: Pick<CurateParameters, 'parts' | 'target' | 'signal'> &
  PublisherPlace & { run: ScriptRun }): Promise<PublishedSnapshot> {
  const { store, work, publisher, deployment, clock, keepSnapshots } = parts
  return publishSnapshot({
    store,
    work,
    dataset,
    tables: manifest.tables.map((table) => inputOf(table, run)),
    publisher,
    deployment,
    nowSeconds: Math.floor(clock.nowMs() / 1000),
    lowestSeq,
    keepSnapshots,
    signal,
  })
}

function inputOf({ name, columns, key }: Manifest['tables'][number], { tables }: ScriptRun): TableInput {
  const spooled = tables.find(({ table }) => table === name)
  const source = spooled && { format: 'rows' as const, paths: [spooled.path] }
  return { name, columns: columns.map((column) => ({ name: column.name, type: column.type })), key, source }
}

function goodOutcome(run: ScriptRun, { tables, snapshot }: PublishedSnapshot): Omit<RunOutcome, 'log'> {
  const { rows, requests, transcriptHash } = run
  const added = tables.reduce((sum, table) => sum + table.added, 0)
  const conflicts = tables.reduce((sum, table) => sum + table.conflicts, 0)
  return { state: 'ok', code: null, message: null, rows, added, conflicts, seq: snapshot.seq, requests, transcriptHash }
}

function badOutcome(error: unknown): Omit<RunOutcome, 'log'> {
  const { code, message, details } = errorToRefusal(error, 'script-failed')
  const text = details === undefined ? message : `${message} (${details})`
  return {
    state: 'failed',
    code,
    message: text,
    rows: 0,
    added: 0,
    conflicts: 0,
    seq: null,
    requests: 0,
    transcriptHash: null,
  }
}

function joined(said: readonly string[]): string {
  return said.join('\n').slice(0, loggedBytes)
}

function noScript(): MarketplaceError {
  const message = 'The manifest of this dataset names no curation script; publish one that does.'
  return new MarketplaceError({ code: 'setting-invalid', message })
}

function checkPublisher({ publisher }: CurateParts, manifest: Manifest): void {
  if (publisher.address.toLowerCase() === manifest.publisher) return
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: 'This worker does not hold the key of the dataset’s publisher; name this worker’s account as publisher.',
    details: `manifest ${manifest.publisher}, worker ${publisher.address.toLowerCase()}`,
  })
}
