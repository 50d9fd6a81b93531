/**
 * The snapshots of one dataset on disk: `segments/<hash>.parquet`, and per sequence number `<seq>.snapshot` (the
 * description), `<seq>.head` (what will be signed), `<seq>.signed`. They are written in this order, each whole or not at
 * all, so a snapshot with `.signed` is complete, and a head with no signature yet is signed as it stands and never
 * replaced: a publisher cannot be led by a crash to sign two heads for one number (DESIGN §8).
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  decodeCbor,
  decodeSnapshot,
  encodeCbor,
  encodeSnapshot,
  type Hex,
  MarketplaceError,
  type Segment,
  type SignedHead,
  signedHeadSchema,
  type Snapshot,
  type SnapshotHead,
  snapshotHeadSchema,
} from '@enigma/protocol'
import { isTemporaryName } from './atomic-file.ts'
import type { Disk } from './disk.ts'
import { hashFile } from './hash-file.ts'

/** A complete snapshot: its description, and its head with the publisher's signature. */
export type StoredSnapshot = { signed: SignedHead; snapshot: Snapshot }

export type DatasetSnapshots = {
  readonly dataset: Hex
  /** The complete snapshot with the highest number. */
  latest(): StoredSnapshot | undefined
  /** The kept snapshots, oldest first. */
  list(): readonly StoredSnapshot[]
  /** A head that was written and not signed when the process ended, with its description. */
  unsigned(): Snapshot | undefined
  /** The highest number of any head here, signed or not; 0 for none. */
  highestSeq(): number
  segmentPath(hash: Hex): string
  /** Whether the segment's file is here with its size. */
  hasSegment(segment: Pick<Segment, 'hash' | 'bytes'>): Promise<boolean>
  /** Takes a finished file in under its hash; `path` is gone afterwards. */
  putSegment(path: string): Promise<Pick<Segment, 'hash' | 'bytes'>>
  /** Where a segment that is still arriving grows; kept over restarts, so that a transfer goes on where it was cut. */
  partialPath(hash: Hex): string
  /** Writes description and head before the head is signed; throws `snapshot-invalid` where the number is taken. */
  reserve(snapshot: Snapshot): Promise<SnapshotHead>
  /** Makes a snapshot complete. Its segments must be here. */
  commit(stored: StoredSnapshot): Promise<void>
  /** Where the serving database of a number may lie; removed with its snapshot. */
  databasePath(seq: number): string
  /** Drops all but the newest `keep` snapshots, then segments that no kept one names. */
  retain(keep: number): Promise<void>
  /** Runs work alone: publishing, accepting and retaining of one dataset never overlap. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>
  /** Calls `listener` after each commit; returns how to stop. */
  onCommit(listener: (stored: StoredSnapshot) => void): () => void
}

export type OpenDatasetSnapshotsParameters = {
  dataset: Hex
  directory: string
  disk: Disk
  /** Told of each snapshot whose files cannot be read; it is passed over. */
  onDamaged?: ((error: unknown) => void) | undefined
}

/** Opens the folder of one dataset, creating it. */
export async function openDatasetSnapshots(parameters: OpenDatasetSnapshotsParameters): Promise<DatasetSnapshots> {
  const snapshots = new FolderSnapshots(parameters)
  await snapshots.load()
  return snapshots
}

/** The head that stands for a description. */
export function headOf({ dataset, seq, previousRoot, root, createdAt }: Snapshot): SnapshotHead {
  return { dataset, seq, previousRoot, root, createdAt }
}

class FolderSnapshots implements DatasetSnapshots {
  readonly dataset: Hex
  readonly #directory: string
  readonly #disk: Disk
  readonly #onDamaged: (error: unknown) => void
  readonly #listeners = new Set<(stored: StoredSnapshot) => void>()
  #complete: StoredSnapshot[] = []
  #unsigned: Snapshot | undefined
  #highestSeq = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor({ dataset, directory, disk, onDamaged = () => undefined }: OpenDatasetSnapshotsParameters) {
    this.dataset = dataset
    this.#directory = directory
    this.#disk = disk
    this.#onDamaged = onDamaged
  }

  async load(): Promise<void> {
    for (const name of ['segments', 'partial']) {
      await mkdir(join(this.#directory, name), { recursive: true, mode: 0o700 })
    }
    const names = await readdir(this.#directory)
    await this.#removeTemporary(this.#directory, names)
    const segments = join(this.#directory, 'segments')
    await this.#removeTemporary(segments, await readdir(segments))
    this.#highestSeq = Math.max(0, ...names.map((name) => Number(/^(\d+)\.(head|signed)$/.exec(name)?.[1] ?? 0)))
    for (const name of names.filter((each) => each.endsWith('.signed')).sort()) {
      const seq = Number(name.slice(0, -'.signed'.length))
      const stored = await this.#unlessDamaged(() => this.#readComplete(seq))
      if (stored !== undefined) this.#complete.push(stored)
    }
    const has = (kind: string) => names.includes(`${nameOf(this.#highestSeq)}.${kind}`)
    if (!has('head') || has('signed')) return
    // Its number stays taken: what a damaged head said may have been signed.
    this.#unsigned = await this.#unlessDamaged(() => this.#readUnsigned(this.#highestSeq))
  }

  latest(): StoredSnapshot | undefined {
    return this.#complete.at(-1)
  }

  list(): readonly StoredSnapshot[] {
    return this.#complete
  }

  unsigned(): Snapshot | undefined {
    return this.#unsigned
  }

  highestSeq(): number {
    return this.#highestSeq
  }

  segmentPath(hash: Hex): string {
    return join(this.#directory, 'segments', `${hash}.parquet`)
  }

  partialPath(hash: Hex): string {
    return join(this.#directory, 'partial', `${hash}.part`)
  }

  async hasSegment({ hash, bytes }: Pick<Segment, 'hash' | 'bytes'>): Promise<boolean> {
    return (await sizeOf(this.segmentPath(hash))) === bytes
  }

  async putSegment(path: string): Promise<Pick<Segment, 'hash' | 'bytes'>> {
    const facts = await hashFile(path)
    await this.#disk.moveIntoPlace({ from: path, to: this.segmentPath(facts.hash) })
    return facts
  }

  async reserve(snapshot: Snapshot): Promise<SnapshotHead> {
    const head = headOf(snapshot)
    if (snapshot.seq <= this.#highestSeq) throw numberTaken(snapshot)
    await this.#disk.writeFileAtomically({
      path: this.#path(snapshot.seq, 'snapshot'),
      bytes: encodeSnapshot(snapshot),
    })
    const isNew = await this.#disk.createFileAtomically({ path: this.#path(head.seq, 'head'), bytes: encodeCbor(head) })
    if (!isNew) throw numberTaken(snapshot)
    this.#highestSeq = head.seq
    this.#unsigned = snapshot
    return head
  }

  async commit(stored: StoredSnapshot): Promise<void> {
    const { signed, snapshot } = stored
    if (snapshot.seq <= (this.latest()?.snapshot.seq ?? 0)) throw numberTaken(snapshot)
    await this.#disk.writeFileAtomically({
      path: this.#path(snapshot.seq, 'snapshot'),
      bytes: encodeSnapshot(snapshot),
    })
    await this.#disk.writeFileAtomically({ path: this.#path(snapshot.seq, 'signed'), bytes: encodeCbor(signed) })
    this.#complete.push(stored)
    this.#highestSeq = Math.max(this.#highestSeq, snapshot.seq)
    this.#unsigned = undefined
    for (const listener of this.#listeners) listener(stored)
  }

  databasePath(seq: number): string {
    return this.#path(seq, 'duckdb')
  }

  async retain(keep: number): Promise<void> {
    const dropped = this.#complete.slice(0, Math.max(0, this.#complete.length - Math.max(1, keep)))
    this.#complete = this.#complete.slice(dropped.length)
    for (const { snapshot } of dropped) {
      for (const kind of ['signed', 'head', 'snapshot', 'duckdb'])
        await this.#disk.remove(this.#path(snapshot.seq, kind))
    }
    const kept = [
      ...this.#complete.map(({ snapshot }) => snapshot),
      ...(this.#unsigned === undefined ? [] : [this.#unsigned]),
    ]
    const named = new Set(
      kept.flatMap(({ tables }) => tables.flatMap(({ segments }) => segments.map(({ hash }) => hash))),
    )
    await rm(join(this.#directory, 'partial'), { recursive: true, force: true })
    await mkdir(join(this.#directory, 'partial'), { recursive: true, mode: 0o700 })
    for (const name of await readdir(join(this.#directory, 'segments'))) {
      const hash = name.replace(/\.parquet$/, '') as Hex
      if (!named.has(hash)) await this.#disk.remove(this.segmentPath(hash))
    }
  }

  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
  }

  onCommit(listener: (stored: StoredSnapshot) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #path(seq: number, kind: string): string {
    return join(this.#directory, `${nameOf(seq)}.${kind}`)
  }

  async #removeTemporary(directory: string, names: readonly string[]): Promise<void> {
    await Promise.all(names.filter(isTemporaryName).map((name) => rm(join(directory, name), { force: true })))
  }

  /** Undefined for files that no longer hold what was written; a disk that cannot be read still throws. */
  async #unlessDamaged<Result>(read: () => Promise<Result | undefined>): Promise<Result | undefined> {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof MarketplaceError)) throw error
      this.#onDamaged(error)
      return undefined
    }
  }

  /** A snapshot whose files are all here; one that lost a file is passed over, so that an older one serves. */
  async #readComplete(seq: number): Promise<StoredSnapshot | undefined> {
    const snapshot = await this.#readSnapshot(seq)
    const bytes = await readIfThere(this.#path(seq, 'signed'))
    if (snapshot === undefined || bytes === undefined) return undefined
    const signed = decodeStored(bytes, signedHeadSchema)
    return signed.head.root === snapshot.root && (await this.#hasData(snapshot)) ? { signed, snapshot } : undefined
  }

  async #readUnsigned(seq: number): Promise<Snapshot | undefined> {
    const head = decodeStored((await readIfThere(this.#path(seq, 'head'))) ?? new Uint8Array(), snapshotHeadSchema)
    const snapshot = await this.#readSnapshot(seq)
    return snapshot?.root === head.root && (await this.#hasData(snapshot)) ? snapshot : undefined
  }

  async #hasData({ tables }: Snapshot): Promise<boolean> {
    const segments = tables.flatMap((table) => table.segments)
    const found = await Promise.all(segments.map((segment) => this.hasSegment(segment)))
    return found.every(Boolean)
  }

  async #readSnapshot(seq: number): Promise<Snapshot | undefined> {
    const bytes = await readIfThere(this.#path(seq, 'snapshot'))
    return bytes === undefined ? undefined : decodeSnapshot(bytes)
  }
}

/** Padded, so that names sort as numbers do. */
function nameOf(seq: number): string {
  return String(seq).padStart(12, '0')
}

function decodeStored<Schema extends typeof signedHeadSchema | typeof snapshotHeadSchema>(
  bytes: Uint8Array,
  schema: Schema,
) {
  return decodeCbor({ bytes, schema, maxBytes: 4096, code: 'snapshot-invalid', what: 'stored snapshot head' })
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}

function numberTaken({ seq }: Snapshot): MarketplaceError {
  return new MarketplaceError({
    code: 'snapshot-invalid',
    message: `Snapshot ${seq} of this dataset exists already; a number is never used twice.`,
  })
}
