/** Deterministic CBOR (RFC 8949 §4.2, length-first map order) with a schema and a size bound checked before decoding. */
import { decode, encode } from 'cborg'
import * as v from 'valibot'
import { type ErrorCode, MarketplaceError } from './errors.ts'
import { equalBytes } from './bytes.ts'

/** Encodes a plain value; equal values give equal bytes. */
export function encodeCbor(value: unknown): Uint8Array {
  const bytes = encode(value)
  // In Node cborg may return a Buffer, whose `slice` is a view where a Uint8Array's is a copy.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

export type DecodeCborParameters<Schema extends v.GenericSchema> = {
  bytes: Uint8Array
  schema: Schema
  maxBytes: number
  /** The code of the error when the bytes are not what they should be. */
  code: ErrorCode
  /** What is being decoded, for the message: "manifest". */
  what: string
}

/** Decodes and validates; refuses what is too large, not canonical, or not of the schema. */
export function decodeCbor<Schema extends v.GenericSchema>({
  bytes,
  schema,
  maxBytes,
  code,
  what,
}: DecodeCborParameters<Schema>): v.InferOutput<Schema> {
  if (bytes.length > maxBytes) {
    throw new MarketplaceError({
      code,
      message: `The ${what} has ${bytes.length} bytes; at most ${maxBytes} are read.`,
    })
  }
  const value = decodeStrict(bytes, code, what)
  const parsed = v.safeParse(schema, value, { abortEarly: true })
  if (!parsed.success) {
    const issue = parsed.issues[0]
    const details = `${v.getDotPath(issue) ?? 'value'}: ${issue.message}`.slice(0, 300)
    throw new MarketplaceError({ code, message: `The ${what} is not of the expected form.`, details })
  }
  return parsed.output
}

function decodeStrict(bytes: Uint8Array, code: ErrorCode, what: string): unknown {
  let canonical: boolean
  let value: unknown
  try {
    value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
      rejectDuplicateMapKeys: true,
    })
    canonical = equalBytes(encode(value), bytes)
  } catch (cause) {
    throw new MarketplaceError({ code, message: `The ${what} is not valid CBOR.`, cause })
  }
  if (!canonical) throw new MarketplaceError({ code, message: `The ${what} is not canonical CBOR.` })
  return value
}
