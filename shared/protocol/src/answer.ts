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

/** One batch: a self-contained Arrow IPC stream of `inflatedBytes` bytes, deflate-raw compressed. */
const batchPartSchema = v.strictObject({
  kind: v.literal('batch'),
  rows: uintSchema(),
  inflatedBytes: uintSchema(limits.batchBytes),
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
  let pending: Uint8Array = new Uint8Array(0)
  return {
    /** Adds opened bytes and returns the parts that are now complete. */
    push(bytes: Uint8Array): AnswerPart[] {
      pending = pending.length === 0 ? bytes : concatBytes(pending, bytes)
      const parts: AnswerPart[] = []
      while (pending.length >= 4) {
        const length = new DataView(pending.buffer, pending.byteOffset).getUint32(0)
        if (length > maxPartBytes) {
          throw new MarketplaceError({
            code: 'answer-invalid',
            message: 'The node sent an answer part over the limit.',
          })
        }
        if (pending.length < 4 + length) break
        parts.push(decodeAnswerPart(pending.subarray(4, 4 + length)))
        pending = pending.subarray(4 + length)
      }
      return parts
    },
    /** Bytes of an unfinished part; 0 when the stream may end here. */
    get pendingBytes(): number {
      return pending.length
    },
  }
}
