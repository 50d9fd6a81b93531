/**
 * Messages inside frames: one tag byte and a body. Every stream opens with the version word (four bytes, big-endian), so
 * that a mismatch is a readable refusal; a refusal is an error of the closed union as data.
 */
import {
  decodeCbor,
  encodeCbor,
  errorCodes,
  type ErrorCode,
  MarketplaceError,
  type Refusal,
  refusalToError,
  textSchema,
  uint32be,
  wireVersion,
} from '@enigma/protocol'
import * as v from 'valibot'
import { networkLimits } from '../network-limits.ts'
import { unreadable } from './frame-errors.ts'
import type { Frame, FramedStream, ReadFrameOptions } from './framed-stream.ts'

const tags = { refusal: 0, data: 1, end: 2, credit: 3, alive: 4, request: 5 } as const
type Tag = keyof typeof tags
const tagNames: readonly Tag[] = ['refusal', 'data', 'end', 'credit', 'alive', 'request']

const refusalSchema = v.strictObject({
  code: v.picklist(errorCodes),
  message: textSchema(1000),
  details: v.exactOptional(textSchema(1000)),
})
const maxRefusalBytes = 8 * 1024

export type Message = { tag: Exclude<Tag, 'refusal'>; body: Uint8Array }

/** A frame that holds a tagged message; the body is not copied. */
export function messageFrame(tag: Tag, body?: Uint8Array): Frame {
  const head = Uint8Array.of(tags[tag])
  return body === undefined ? [head] : [head, body]
}

/** A frame that refuses: the code and one sentence. */
export function refusalFrame({ code, message, details }: Refusal): Frame {
  return messageFrame('refusal', encodeCbor(details === undefined ? { code, message } : { code, message, details }))
}

/** The frame that opens every stream. */
export const versionFrame: Frame = [uint32be(wireVersion)]

/** Reads one message; a refusal is thrown as the error that it stands for. Undefined when the peer has ended. */
export async function readMessage(channel: FramedStream, options: ReadFrameOptions): Promise<Message | undefined> {
  const frame = await channel.read({ ...options, maxBytes: frameBound(options) })
  return frame === undefined ? undefined : parseMessage(frame, options.maxBytes)
}

/** The next message if all of it has arrived; a refusal is thrown as the error that it stands for. */
export function takeMessage(channel: FramedStream, { maxBytes }: { maxBytes: number }): Message | undefined {
  const frame = channel.take({ maxBytes: frameBound({ maxBytes }) })
  return frame === undefined ? undefined : parseMessage(frame, maxBytes)
}

/** Of a frame: a refusal may be longer than what is asked for. */
function frameBound({ maxBytes }: { maxBytes: number }): number {
  return Math.max(maxBytes, maxRefusalBytes) + 1
}

function parseMessage(frame: Uint8Array, maxBytes: number): Message {
  const tag = tagNames[frame[0] ?? -1]
  const body = frame.subarray(1)
  if (tag === undefined) throw unreadable('The peer sent a message of an unknown kind.')
  if (tag === 'refusal') throw readRefusal(body)
  if (body.length > maxBytes) throw unreadable(`The peer sent ${body.length} bytes over the limit.`)
  return { tag, body }
}

function readRefusal(bytes: Uint8Array): MarketplaceError {
  const { code, message, details } = decodeCbor({
    bytes,
    schema: refusalSchema,
    maxBytes: maxRefusalBytes,
    code: 'unreadable',
    what: 'refusal',
  })
  return refusalToError(details === undefined ? { code, message } : { code, message, details })
}

/** Reads the version word of a peer that opened a stream; false when it ended before. Throws `version-mismatch`. */
export async function acceptVersion(channel: FramedStream, timeoutMs: number): Promise<boolean> {
  const frame = await channel.read({ maxBytes: 4, timeoutMs })
  if (frame === undefined) return false
  if (frame.length !== 4) throw unreadable('The peer opened without a version word.')
  const version = new DataView(frame.buffer, frame.byteOffset, 4).getUint32(0)
  if (version === wireVersion) return true
  throw new MarketplaceError({
    code: 'version-mismatch',
    message: `This node speaks version ${wireVersion} of the protocol and was addressed in version ${version}.`,
  })
}

/** Reads and validates one CBOR request or item; throws `unreadable` for anything else. */
export async function readCbor<Schema extends v.GenericSchema>(
  channel: FramedStream,
  { schema, maxBytes, what }: { schema: Schema; maxBytes: number; what: string },
): Promise<v.InferOutput<Schema>> {
  const bytes = await channel.read({ maxBytes, timeoutMs: networkLimits.frameTimeoutMs })
  if (bytes === undefined) throw unreadable(`The peer ended before its ${what}.`)
  return decodeCbor({ bytes, schema, maxBytes, code: 'unreadable', what })
}

/** A code that is in `allowed`, or else `fallback`. */
export function narrowCode<Code extends ErrorCode>(code: ErrorCode, allowed: readonly Code[], fallback: Code): Code {
  return allowed.find((known) => known === code) ?? fallback
}
