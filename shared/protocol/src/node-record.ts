/** The node record: where a node is reached and the key that queries are sealed to (DESIGN §5). */
import * as v from 'valibot'
import { keccak256 } from 'viem'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { limits } from './limits.ts'
import { nodeRoleSchema } from './manifest.ts'
import {
  addressSchema,
  bytesSchema,
  type Hex,
  hashSchema,
  hexSchema,
  peerIdSchema,
  signatureSchema,
  textSchema,
  uintSchema,
} from './schemas.ts'

/** `queryKey` is an uncompressed P-256 point (65 bytes), `keyId` the first 8 bytes of its SHA-256. */
export const nodeRecordSchema = v.strictObject({
  v: v.literal(1),
  peerId: peerIdSchema,
  signer: addressSchema,
  roles: v.pipe(v.array(nodeRoleSchema), v.minLength(1), v.maxLength(4)),
  multiaddrs: v.pipe(v.array(textSchema(500)), v.maxLength(32)),
  queryKey: hexSchema(65),
  keyId: hexSchema(8),
  datasets: v.pipe(v.array(hashSchema), v.maxLength(200)),
  /** Present when the node accepts datasets of curators whom it does not know; ask it for its terms. */
  accepts: v.exactOptional(v.literal(true)),
  seq: uintSchema(),
  issuedAt: uintSchema(),
  expiresAt: uintSchema(),
})
export type NodeRecord = v.InferOutput<typeof nodeRecordSchema>

/** `signature`: EIP-712 `NodeRecord` by the signer; `peerSignature`: the peerId's key over `nodeRecordPeerMessage`. */
export const signedNodeRecordSchema = v.strictObject({
  record: bytesSchema(limits.nodeRecordBytes),
  signature: signatureSchema,
  peerSignature: hexSchema(512),
})
export type SignedNodeRecord = v.InferOutput<typeof signedNodeRecordSchema>

/** Deterministic bytes of a node record. */
export function encodeNodeRecord(record: NodeRecord): Uint8Array {
  return encodeCbor(record)
}

/** Decodes node record bytes; throws `node-record-invalid`. */
export function decodeNodeRecord(bytes: Uint8Array): NodeRecord {
  return decodeCbor({
    bytes,
    schema: nodeRecordSchema,
    maxBytes: limits.nodeRecordBytes,
    code: 'node-record-invalid',
    what: 'node record',
  })
}

/** keccak256 of a node record's bytes. */
export function hashNodeRecord(bytes: Uint8Array): Hex {
  return keccak256(bytes)
}
