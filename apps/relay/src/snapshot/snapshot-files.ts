/**
 * The files of one dataset's snapshots, read back. One that a disk has damaged is reported and counts as absent, so that
 * the newest whole snapshot serves; it stays where it is, because its name keeps its number taken.
 */
import { join } from 'node:path'
import {
  decodeCbor,
  decodeSnapshot,
  type Hex,
  MarketplaceError,
  type Segment,
  type SignedHead,
  signedHeadSchema,
  type Snapshot,
  snapshotHeadSchema,
} from '@enigma/protocol'
import type { Disk } from './disk.ts'

/** A complete snapshot: its description, and its head with the publisher's signature. */
export type StoredSnapshot = { signed: SignedHead; snapshot: Snapshot }

export type SnapshotFileKind = 'snapshot' | 'head' | 'signed' | 'duckdb'

export class SnapshotFiles {
  readonly #directory: string
  readonly #disk: Disk
  readonly #onDamaged: (error: unknown) => void
  readonly #reported = new Set<string>()

  constructor({ directory, disk, onDamaged }: { directory: string; disk: Disk; onDamaged: (error: unknown) => void }) {
    this.#directory = directory
    this.#disk = disk
    this.#onDamaged = onDamaged
  }

  /** Padded, so that names sort as numbers do. */
  path(seq: number, kind: SnapshotFileKind): string {
    return join(this.#directory, `${String(seq).padStart(12, '0')}.${kind}`)
  }

  segmentPath(hash: Hex): string {
    return join(this.#directory, 'segments', `${hash}.parquet`)
  }

  async hasSegment({ hash, bytes }: Pick<Segment, 'hash' | 'bytes'>): Promise<boolean> {
    return (await this.#disk.sizeOf(this.segmentPath(hash))) === bytes
  }

  /** A snapshot whose files are all here and whole. */
  async readComplete(seq: number): Promise<StoredSnapshot | undefined> {
    const snapshot = await this.#read(seq, 'snapshot', decodeSnapshot)
    const signed = await this.#read(seq, 'signed', (bytes) => decodeStored(bytes, signedHeadSchema))
    if (snapshot === undefined || signed === undefined) return undefined
    return signed.head.root === snapshot.root && (await this.#hasData(snapshot)) ? { signed, snapshot } : undefined
  }

  /** A snapshot whose head was written, with or without a signature, and whose data is here. */
  async readUnsigned(seq: number): Promise<Snapshot | undefined> {
    const head = await this.#read(seq, 'head', (bytes) => decodeStored(bytes, snapshotHeadSchema))
    if (head === undefined) return undefined
    const snapshot = await this.#read(seq, 'snapshot', decodeSnapshot)
    return snapshot?.root === head.root && (await this.#hasData(snapshot)) ? snapshot : undefined
  }

  async #hasData({ tables }: Snapshot): Promise<boolean> {
    const segments = tables.flatMap((table) => table.segments)
    const found = await Promise.all(segments.map((segment) => this.hasSegment(segment)))
    return found.every(Boolean)
  }

  async #read<Content>(
    seq: number,
    kind: SnapshotFileKind,
    decode: (bytes: Uint8Array) => Content,
  ): Promise<Content | undefined> {
    const path = this.path(seq, kind)
    try {
      const bytes = await this.#disk.readFile(path)
      return bytes === undefined ? undefined : decode(bytes)
    } catch (cause) {
      if (!isDamage(cause)) throw cause
      if (!this.#reported.has(path)) this.#onDamaged(damaged(path, cause))
      this.#reported.add(path)
      return undefined
    }
  }
}

/** Bytes that are not what was written, or that the disk cannot give; what may pass, such as `EMFILE`, is neither. */
function isDamage(error: unknown): boolean {
  return error instanceof MarketplaceError || (error instanceof Error && 'code' in error && error.code === 'EIO')
}

function decodeStored<Schema extends typeof signedHeadSchema | typeof snapshotHeadSchema>(
  bytes: Uint8Array,
  schema: Schema,
) {
  return decodeCbor({ bytes, schema, maxBytes: 4096, code: 'snapshot-invalid', what: 'stored snapshot head' })
}

function damaged(path: string, cause: unknown): MarketplaceError {
  return new MarketplaceError({
    code: 'snapshot-invalid',
    message:
      'A file of a snapshot on this disk is damaged; an older snapshot serves instead. Check the disk, and bring the snapshot back from a backup or by publishing again.',
    details: path,
    cause,
  })
}
