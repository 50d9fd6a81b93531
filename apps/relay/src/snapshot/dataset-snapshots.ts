/**
 * The snapshots of one dataset on disk: `segments/<hash>.parquet`, and per sequence number `<seq>.snapshot` (the
 * description), `<seq>.head` (what will be signed), `<seq>.signed`. They are written in this order, each whole or not at
 * all, so a snapshot with `.signed` is complete, and a head with no signature yet is signed as it stands and never
 * replaced: a publisher cannot be led by a crash to sign two heads for one number (DESIGN §8).
 */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  encodeCbor,
  encodeSnapshot,
  type Hex,
  MarketplaceError,
  type Segment,
  type Snapshot,
  type SnapshotHead,
} from '@enigma/protocol'
import { isTemporaryName } from './atomic-file.ts'
import type { Disk } from './disk.ts'
import { hashFile } from './hash-file.ts'
import { SnapshotFiles, type StoredSnapshot } from './snapshot-files.ts'

export type { StoredSnapshot } from './snapshot-files.ts'

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
  /** Drops what arrived of other snapshots that were never whole, so that offers without end do not fill the disk. */
  makeRoomFor(offered: Snapshot): Promise<void>
  /** Runs work alone: publishing, accepting and retaining of one dataset never overlap. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>
  /** Calls `listener` after each commit; returns how to stop. */
  onCommit(listener: (stored: StoredSnapshot) => void): () => void
}

export type OpenDatasetSnapshotsParameters = {
  dataset: Hex
  directory: string
  disk: Disk
  /** Told of each damaged file, which is passed over. */
  onDamaged: (error: unknown) => void
}

/** Opens the folder of one dataset, creating it; throws what may pass, such as too many open files. */
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
  readonly #files: SnapshotFiles
  readonly #listeners = new Set<(stored: StoredSnapshot) => void>()
  #complete: StoredSnapshot[] = []
  #unsigned: Snapshot | undefined
  #highestSeq = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor({ dataset, ...files }: OpenDatasetSnapshotsParameters) {
    this.dataset = dataset
    this.#directory = files.directory
    this.#disk = files.disk
    this.#files = new SnapshotFiles(files)
  }

  async load(): Promise<void> {
    for (const name of ['segments', 'partial']) {
      await mkdir(join(this.#directory, name), { recursive: true, mode: 0o700 })
    }
    const names = await readdir(this.#directory)
    await this.#removeTemporary(this.#directory, names)
    const segments = join(this.#directory, 'segments')
    await this.#removeTemporary(segments, await readdir(segments))
    this.#highestSeq = Math.max(0, ...numbersOf(names, /^(\d+)\.(?:head|signed)$/))
    for (const seq of numbersOf(names, /^(\d+)\.signed$/).toSorted((a, b) => a - b)) {
      const stored = await this.#files.readComplete(seq)
      if (stored !== undefined) this.#complete.push(stored)
    }
    // Also where its signature was damaged: the head on disk is the only one that was ever signed for its number.
    if (this.latest()?.snapshot.seq !== this.#highestSeq)
      this.#unsigned = await this.#files.readUnsigned(this.#highestSeq)
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
    return this.#files.segmentPath(hash)
  }

  partialPath(hash: Hex): string {
    return join(this.#directory, 'partial', `${hash}.part`)
  }

  hasSegment(segment: Pick<Segment, 'hash' | 'bytes'>): Promise<boolean> {
    return this.#files.hasSegment(segment)
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
      path: this.#files.path(snapshot.seq, 'snapshot'),
      bytes: encodeSnapshot(snapshot),
    })
    const isNew = await this.#disk.createFileAtomically({
      path: this.#files.path(head.seq, 'head'),
      bytes: encodeCbor(head),
    })
    if (!isNew) throw numberTaken(snapshot)
    this.#highestSeq = head.seq
    this.#unsigned = snapshot
    return head
  }

  async commit(stored: StoredSnapshot): Promise<void> {
    const { signed, snapshot } = stored
    if (snapshot.seq <= (this.latest()?.snapshot.seq ?? 0)) throw numberTaken(snapshot)
    await this.#disk.writeFileAtomically({
      path: this.#files.path(snapshot.seq, 'snapshot'),
      bytes: encodeSnapshot(snapshot),
    })
    await this.#disk.writeFileAtomically({ path: this.#files.path(snapshot.seq, 'signed'), bytes: encodeCbor(signed) })
    this.#complete.push(stored)
    this.#highestSeq = Math.max(this.#highestSeq, snapshot.seq)
    this.#unsigned = undefined
    for (const listener of this.#listeners) listener(stored)
  }

  databasePath(seq: number): string {
    return this.#files.path(seq, 'duckdb')
  }

  async retain(keep: number): Promise<void> {
    this.#complete = this.#complete.slice(-Math.max(1, keep))
    const [oldest] = this.#complete
    // With what was left of older ones that were never complete or were damaged.
    for (const name of await readdir(this.#directory)) {
      const [seq] = numbersOf([name], /^(\d+)\.(?:signed|head|snapshot|duckdb)$/)
      const isDropped = seq !== undefined && oldest !== undefined && seq < oldest.snapshot.seq
      if (isDropped) await this.#disk.remove(join(this.#directory, name))
    }
    await this.#keepParts([])
    await this.#keepSegments([])
  }

  async makeRoomFor(offered: Snapshot): Promise<void> {
    await this.#keepParts([offered])
    await this.#keepSegments([offered])
  }

  async #keepParts(wanted: readonly Snapshot[]): Promise<void> {
    const names = new Set([...hashesOf(wanted)].map((hash) => `${hash}.part`))
    const directory = join(this.#directory, 'partial')
    for (const name of await readdir(directory)) {
      if (!names.has(name)) await this.#disk.remove(join(directory, name))
    }
  }

  /** Those of the kept snapshots and of the `wanted` ones. */
  async #keepSegments(wanted: readonly Snapshot[]): Promise<void> {
    const unsigned = this.#unsigned === undefined ? [] : [this.#unsigned]
    const named = hashesOf([...this.#complete.map(({ snapshot }) => snapshot), ...unsigned, ...wanted])
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

  async #removeTemporary(directory: string, names: readonly string[]): Promise<void> {
    await Promise.all(names.filter(isTemporaryName).map((name) => rm(join(directory, name), { force: true })))
  }
}

function hashesOf(snapshots: readonly Snapshot[]): ReadonlySet<Hex> {
  return new Set(snapshots.flatMap(({ tables }) => tables.flatMap(({ segments }) => segments.map(({ hash }) => hash))))
}

/** The numbers in the names that match. */
function numbersOf(names: readonly string[], pattern: RegExp): number[] {
  return names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
}

function numberTaken({ seq }: Snapshot): MarketplaceError {
  return new MarketplaceError({
    code: 'snapshot-invalid',
    message: `Snapshot ${seq} of this dataset exists already; a number is never used twice.`,
  })
}
