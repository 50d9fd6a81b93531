/** Use of embeds as one node counts it, and how their owner asks for it: `/enigma/usage/1.0.0` (DESIGN §9). */
import * as v from 'valibot'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { grantChainSchema } from './grant.ts'
import { limits } from './limits.ts'
import { addressSchema, bytesSchema, hashSchema, hexSchema, uintSchema } from './schemas.ts'

/** What the owner's session key signs: for which embeds it asks, of which node, and when (Unix seconds). */
export const usageRequestSchema = v.strictObject({
  v: v.literal(1),
  chainId: uintSchema(),
  marketplace: addressSchema,
  dataset: hashSchema,
  ids: v.pipe(v.array(hashSchema), v.minLength(1), v.maxLength(limits.embedsPerAccount)),
  grantHash: hashSchema,
  sessionKey: hexSchema(65),
  audience: addressSchema,
  issuedAt: uintSchema(),
  expiresAt: uintSchema(),
})
export type UsageRequest = v.InferOutput<typeof usageRequestSchema>

/** The request's bytes, the session key's 64-byte signature over `enigma/usage/v1` ‖ bytes, and the session's grant. */
export const signedUsageRequestSchema = v.strictObject({
  request: bytesSchema(limits.usageBytes),
  signature: hexSchema(64),
  grants: grantChainSchema,
})
export type SignedUsageRequest = v.InferOutput<typeof signedUsageRequestSchema>

/**
 * What this node has answered by one embed: in the present minute and day (UTC), and in all; `dayBytes` of Arrow before
 * compression, with what is reserved for answers under way.
 */
export const embedUsageSchema = v.strictObject({
  id: hashSchema,
  minuteQueries: uintSchema(),
  dayQueries: uintSchema(),
  dayBytes: uintSchema(),
  totalQueries: uintSchema(),
})
export type EmbedUsage = v.InferOutput<typeof embedUsageSchema>

const usageSchema = v.pipe(v.array(embedUsageSchema), v.maxLength(limits.embedsPerAccount))

/** Domain label that the session key signs in front of the request's bytes. */
export const usageLabel = 'enigma/usage/v1'

/** Deterministic bytes of a request. */
export function encodeUsageRequest(request: UsageRequest): Uint8Array {
  return encodeCbor(request)
}

/** Decodes a request; throws `unreadable`. */
export function decodeUsageRequest(bytes: Uint8Array): UsageRequest {
  const maxBytes = limits.usageBytes
  return decodeCbor({ bytes, schema: usageRequestSchema, maxBytes, code: 'unreadable', what: 'request for usage' })
}

/** Deterministic bytes of what a node has counted. */
export function encodeUsage(usage: readonly EmbedUsage[]): Uint8Array {
  return encodeCbor(usage)
}

/** Decodes what a node has counted; throws `unreadable`. */
export function decodeUsage(bytes: Uint8Array): EmbedUsage[] {
  const maxBytes = limits.usageBytes * 2
  return decodeCbor({ bytes, schema: usageSchema, maxBytes, code: 'unreadable', what: 'usage' })
}
