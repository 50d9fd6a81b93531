/** The query: what a session key signs and only the audience can read (DESIGN §6). */
import * as v from 'valibot'
import { decodeCbor, encodeCbor } from './cbor.ts'
import type { ResultColumn } from './columns.ts'
import { grantChainSchema } from './grant.ts'
import { limits } from './limits.ts'
import { parameterSchema } from './parameter.ts'
import { addressSchema, bytesSchema, hashSchema, hexSchema, textSchema, uintSchema } from './schemas.ts'
import { templateClaimSchema } from './template.ts'

/** Which snapshot: the newest that the node serves, or one by number. */
export const snapshotWishSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('latest') }),
  v.strictObject({ kind: v.literal('seq'), seq: uintSchema() }),
])

/**
 * What a probe has in the place of SQL. No engine takes it for a query, so that no receipt of a probe is one of a query.
 */
export const probeStatement = 'DESCRIBE'

/**
 * `kind: sample` needs no grant: `grantHash` is zero and an ephemeral key signs. So does `probe`, which asks how the node
 * is: its `sql` is `probeStatement`, and its answer has `probeColumns`. With `template`, `sql` is a template of
 * the grant. `replyKey` is a fresh uncompressed P-256 point; times are Unix seconds; `minBlock` is the block that the
 * asker knows to hold its subscription.
 */
export const querySchema = v.strictObject({
  v: v.literal(1),
  chainId: uintSchema(),
  marketplace: addressSchema,
  kind: v.picklist(['query', 'sample', 'probe']),
  grantHash: hashSchema,
  dataset: hashSchema,
  snapshot: snapshotWishSchema,
  sql: v.pipe(textSchema(limits.sqlBytes), v.minLength(1)),
  parameters: v.pipe(v.array(parameterSchema), v.maxLength(limits.parameters)),
  template: v.exactOptional(templateClaimSchema),
  sessionKey: hexSchema(65),
  replySuite: v.literal(1),
  replyKey: hexSchema(65),
  audience: addressSchema,
  nonce: hexSchema(16),
  issuedAt: uintSchema(),
  expiresAt: uintSchema(),
  maxRows: uintSchema(limits.rowsPerQuery),
  maxBytes: uintSchema(limits.bytesPerQuery),
  minBlock: uintSchema(),
})
export type Query = v.InferOutput<typeof querySchema>

/** The columns of a probe's answer: a row for each table of the newest snapshot, with the bytes of its segments. */
export const probeColumns: readonly ResultColumn[] = [
  { name: 'table', type: 'text' },
  { name: 'rows', type: 'bigint' },
  { name: 'bytes', type: 'bigint' },
]

/** The query's bytes, the session key's 64-byte P-256 signature over `enigma/query/v1` ‖ bytes, and the grants. */
export const signedQuerySchema = v.strictObject({
  query: bytesSchema(limits.queryBytes),
  signature: hexSchema(64),
  grants: v.union([grantChainSchema, v.pipe(v.array(v.never()), v.maxLength(0))]),
})
export type SignedQuery = v.InferOutput<typeof signedQuerySchema>

/** Domain label that the session key signs in front of the query's bytes. */
export const queryLabel = 'enigma/query/v1'

/** Deterministic bytes of a query. */
export function encodeQuery(query: Query): Uint8Array {
  return encodeCbor(query)
}

/** Decodes query bytes; throws `unreadable`. */
export function decodeQuery(bytes: Uint8Array): Query {
  return decodeCbor({ bytes, schema: querySchema, maxBytes: limits.queryBytes, code: 'unreadable', what: 'query' })
}

/** Deterministic bytes of a signed query. */
export function encodeSignedQuery(signed: SignedQuery): Uint8Array {
  return encodeCbor(signed)
}

/** Decodes a signed query; throws `unreadable`. */
export function decodeSignedQuery(bytes: Uint8Array): SignedQuery {
  return decodeCbor({
    bytes,
    schema: signedQuerySchema,
    maxBytes: limits.queryBytes,
    code: 'unreadable',
    what: 'signed query',
  })
}
