/** Building blocks of the wire schemas. Hex is always lower-case: one value has one encoding. */
import * as v from 'valibot'

export type Hex = `0x${string}`

function hexOf(bytes: number) {
  return v.pipe(
    v.string(),
    v.regex(new RegExp(`^0x[0-9a-f]{${String(bytes * 2)}}$`), `expected ${String(bytes)} bytes as lower-case hex`),
    v.transform((text) => text as Hex),
  )
}

/** 32 bytes: a hash or a dataset id. */
export const hashSchema = hexOf(32)
/** 20 bytes: an Ethereum account. */
export const addressSchema = hexOf(20)
/** 65 bytes: an EIP-712 signature r ‖ s ‖ v. */
export const signatureSchema = hexOf(65)
/** Any bytes as hex up to `maxBytes`. */
export const hexSchema = (maxBytes: number) =>
  v.pipe(
    v.string(),
    v.maxLength(maxBytes * 2 + 2),
    v.regex(/^0x([0-9a-f]{2})*$/, 'expected lower-case hex'),
    v.transform((text) => text as Hex),
  )
/** An unsigned integer that a JavaScript number holds exactly. */
export const uintSchema = (max: number = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(max))
/** Text of at most `maxLength` UTF-16 units without control characters except tab and line feed. */
export const textSchema = (maxLength: number) =>
  v.pipe(
    v.string(),
    v.maxLength(maxLength),
    v.check((text) => !/(?![\t\n])\p{Cc}/u.test(text), 'holds control characters'),
  )
/** Bytes of at most `maxBytes`. */
export const bytesSchema = (maxBytes: number) =>
  v.pipe(
    v.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes'),
    v.check((bytes) => bytes.length <= maxBytes, `more than ${String(maxBytes)} bytes`),
  )
/** A libp2p peer id in base58btc or base36 text. */
export const peerIdSchema = v.pipe(v.string(), v.regex(/^[1-9A-Za-z]{40,120}$/, 'expected a peer id'))
/** A lower-case SQL identifier of at most 63 characters. */
export const identifierSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z_][a-z0-9_]{0,62}$/, 'expected a lower-case identifier'),
)
/** Whether a value is such an identifier. */
export const isIdentifier = (value: unknown): value is string => v.is(identifierSchema, value)
