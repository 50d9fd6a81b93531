/**
 * What an answer's chunks hold once opened: parts, each a 32-bit big-endian length and CBOR. Batches come first, rows
 * are provisional until the `end` part, which is the last; a refusal is a single part (DESIGN §6).
 */
import * as v from 'valibot'
import { concatBytes, uint32be } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { resultColumnSchema } from './columns.ts'
import { errorCodes, MarketplaceError } from './errors.ts'
import { limits } from './limits.ts'
import { signedReceiptSchema } from './receipt.ts'
import { bytesSchema, hashSchema, textSchema, uintSchema } from './schemas.ts'
import { signedHeadSchema } from './snapshot.ts'

/** One batch: a self-contained Arrow IPC stream of `inflatedBytes` bytes, deflate-raw compressed unless `raw`. */
const batchPartSchema = v.strictObject({
  kind: v.literal('batch'),
  rows: uintSchema(),
  inflatedBytes: uintSchema(limits.batchBytes),
  encoding: v.exactOptional(v.literal('raw')),
  arrow: bytesSchema(limits.batchBytes),
})

/** The columns of the answer; the first part of every answer that is not a refusal. */
const schemaPartSchema = v.strictObject({
  kind: v.literal('schema'),
  columns: v.pipe(v.array(resultColumnSchema), v.maxLength(limits.columns)),
  seq: uintSchema(),
})

/** Zeros that hide the exact size (Padmé). */
const paddingPartSchema = v.strictObject({ kind: v.literal('padding'), zeros: bytesSchema(limits.batchBytes) })

/** Milliseconds that the node spent by stage. */
const timingsSchema = v.strictObject({
  verifyMs: v.number(),
  guardMs: v.number(),
  engineMs: v.number(),
  encodeMs: v.number(),
})

/** `truncated`: the row or byte limit cut the result. `head` is the signed head of the snapshot that was read. */
const endPartSchema = v.strictObject({
  kind: v.literal('end'),
  rows: uintSchema(),
  truncated: v.boolean(),
  resultHash: hashSchema,
  receipt: signedReceiptSchema,
  head: signedHeadSchema,
  timings: timingsSchema,
})

const refusalPartSchema = v.strictObject({
  kind: v.literal('refusal'),
  code: v.picklist(errorCodes),
  message: textSchema(1000),
  details: v.exactOptional(textSchema(1000)),
})

export const answerPartSchema = v.variant('kind', [
  schemaPartSchema,
  batchPartSchema,
  paddingPartSchema,
  endPartSchema,
  refusalPartSchema,
])
export type AnswerPart = v.InferOutput<typeof answerPartSchema>
export type AnswerEnd = v.InferOutput<typeof endPartSchema>
export type AnswerTimings = v.InferOutput<typeof timingsSchema>

/** The largest part that a reader takes: a batch with its wrapping. */
export const maxPartBytes: number = limits.batchBytes + 4096

/** A part with its length in front. */
export function encodeAnswerPart(part: AnswerPart): Uint8Array<ArrayBuffer> {
  const body = encodeCbor(part)
  return concatBytes(uint32be(body.length), body)
}

/** Decodes one part without its length; throws `answer-invalid`. */
export function decodeAnswerPart(bytes: Uint8Array): AnswerPart {
  return decodeCbor({ bytes, schema: answerPartSchema, maxBytes: maxPartBytes, code: 'answer-invalid', what: 'answer' })
}

/** Splits a stream of opened chunks into parts; bounded by `maxPartBytes`. */
export function createAnswerPartReader() {
  // Room doubles, so that a large part in many small chunks is not copied once per chunk. What was handed out is never
  // written again: the rest behind it has no spare room, and the next append moves it.
  let room: Uint8Array = new Uint8Array(0)
  let pendingBytes = 0

  const append = (bytes: Uint8Array): Uint8Array => {
    if (pendingBytes === 0) return bytes
    const length = pendingBytes + bytes.length
    if (length > room.length) {
      const grown = new Uint8Array(Math.max(length, 2 * room.length))
      grown.set(room.subarray(0, pendingBytes))
      room = grown
    }
    room.set(bytes, pendingBytes)
    pendingBytes = length
    return room.subarray(0, length)
  }
  return {
    /** Adds opened bytes and returns the parts that are now complete. */
    push(bytes: Uint8Array): AnswerPart[] {
      let rest = append(bytes)
      const parts: AnswerPart[] = []
      for (let end = partEnd(rest); end !== undefined; end = partEnd(rest)) {
        parts.push(decodeAnswerPart(rest.subarray(4, end)))
        rest = rest.subarray(end)
      }
      if (parts.length > 0 || pendingBytes === 0) room = rest
      pendingBytes = rest.length
      return parts
    },
    /** Bytes of an unfinished part; 0 when the stream may end here. */
    get pendingBytes(): number {
      return pendingBytes
    },
  }
}

/** Where the first part ends, or undefined while it is not whole. */
function partEnd(bytes: Uint8Array): number | undefined {
  if (bytes.length < 4) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  if (length > maxPartBytes) {
    throw new MarketplaceError({ code: 'answer-invalid', message: 'The node sent an answer part over the limit.' })
  }
  return bytes.length < 4 + length ? undefined : 4 + length
}
