/** Snapshots: immutable hashed segments, a Merkle root, a head signed by the publisher (DESIGN §8). */
import * as v from 'valibot'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { resultColumnSchema } from './columns.ts'
import { limits } from './limits.ts'
import { addressSchema, hashSchema, identifierSchema, signatureSchema, uintSchema } from './schemas.ts'

/**
 * One immutable Parquet file: `hash` is the SHA-256 of its bytes, `root` the Merkle root (RFC 6962) over its blocks of
 * 1,024 canonically encoded rows, in file order.
 */
export const segmentSchema = v.strictObject({
  hash: hashSchema,
  bytes: uintSchema(),
  rows: uintSchema(),
  root: hashSchema,
})
export type Segment = v.InferOutput<typeof segmentSchema>

/** `root` is the Merkle root over the roots of the segments, in order. */
export const snapshotTableSchema = v.strictObject({
  name: identifierSchema,
  columns: v.pipe(v.array(resultColumnSchema), v.minLength(1), v.maxLength(limits.columns)),
  segments: v.pipe(v.array(segmentSchema), v.maxLength(10_000)),
  root: hashSchema,
})
export type SnapshotTable = v.InferOutput<typeof snapshotTableSchema>

/** `root` is the Merkle root over the tables' leaves (name, columns, table root), in order of name. */
export const snapshotSchema = v.strictObject({
  v: v.literal(1),
  dataset: hashSchema,
  seq: uintSchema(),
  previousRoot: hashSchema,
  root: hashSchema,
  createdAt: uintSchema(),
  tables: v.pipe(v.array(snapshotTableSchema), v.minLength(1), v.maxLength(limits.tables)),
})
export type Snapshot = v.InferOutput<typeof snapshotSchema>

/** What the publisher signs (EIP-712 `SnapshotHead`); two of them for one (dataset, seq) are provable misconduct. */
export const snapshotHeadSchema = v.strictObject({
  dataset: hashSchema,
  seq: uintSchema(),
  previousRoot: hashSchema,
  root: hashSchema,
  createdAt: uintSchema(),
})
export type SnapshotHead = v.InferOutput<typeof snapshotHeadSchema>

export const signedHeadSchema = v.strictObject({
  head: snapshotHeadSchema,
  publisher: addressSchema,
  signature: signatureSchema,
})
export type SignedHead = v.InferOutput<typeof signedHeadSchema>

/**
 * The publisher's own word (EIP-712 `SnapshotPass`) that a peer may fetch a dataset's snapshots: a publisher asks under
 * whatever peerId it has today.
 */
export const snapshotPassSchema = v.strictObject({ expiresAt: uintSchema(), signature: signatureSchema })
export type SnapshotPass = v.InferOutput<typeof snapshotPassSchema>

/** Deterministic bytes of a snapshot's description. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  return encodeCbor(snapshot)
}

/** Decodes a snapshot's description; throws `snapshot-invalid`. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  return decodeCbor({
    bytes,
    schema: snapshotSchema,
    maxBytes: limits.snapshotDescriptionBytes,
    code: 'snapshot-invalid',
    what: 'snapshot',
  })
}
