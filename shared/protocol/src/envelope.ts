/** The sealed query and the opaque answer frames, as relays see them (DESIGN §6, §9). */
import * as v from 'valibot'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { limits } from './limits.ts'
import { bytesSchema, hexSchema, uintSchema } from './schemas.ts'

/** HPKE suite 1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180). */
export const suiteP256 = 1

/** A query sealed to a node's query key; the header (all but `ciphertext`) is the AAD. */
export const sealedQuerySchema = v.strictObject({
  v: v.literal(1),
  suite: v.literal(suiteP256),
  keyId: hexSchema(8),
  enc: bytesSchema(65),
  ciphertext: bytesSchema(limits.sealedQueryBytes),
})
export type SealedQuery = v.InferOutput<typeof sealedQuerySchema>

/** Encodes a sealed query. */
export function encodeSealedQuery(sealed: SealedQuery): Uint8Array {
  return encodeCbor(sealed)
}

/** Decodes a sealed query; throws `unreadable`. */
export function decodeSealedQuery(bytes: Uint8Array): SealedQuery {
  return decodeCbor({
    bytes,
    schema: sealedQuerySchema,
    maxBytes: limits.sealedQueryBytes,
    code: 'unreadable',
    what: 'sealed query',
  })
}

/** The first frame of an answer; its bytes are the AAD of every chunk that follows as a frame of its own. */
export const answerHeaderSchema = v.strictObject({
  v: v.literal(1),
  suite: v.literal(suiteP256),
  enc: bytesSchema(65),
  chunkBytes: uintSchema(limits.largeChunkBytes),
})
export type AnswerHeader = v.InferOutput<typeof answerHeaderSchema>

/** Encodes an answer's header. */
export function encodeAnswerHeader(header: AnswerHeader): Uint8Array {
  return encodeCbor(header)
}

/** Decodes an answer's header; throws `answer-invalid`. */
export function decodeAnswerHeader(bytes: Uint8Array): AnswerHeader {
  return decodeCbor({ bytes, schema: answerHeaderSchema, maxBytes: 256, code: 'answer-invalid', what: 'answer header' })
}
