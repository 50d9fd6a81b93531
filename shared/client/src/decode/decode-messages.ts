/** What page and decoding worker tell each other, over one port for each answer. Both ends are our own code. */
import type { ErrorCode } from '@enigma/protocol'
import type { DecodedPart, DecodeTimings, Opening } from './decode-answer.ts'

/** To the worker itself: an answer begins on this port. A worker that is ready says so once with `ready`. */
export type BeginMessage = { port: MessagePort; opening: Opening }
export const ready = 'ready'

export type ToWorker =
  | { kind: 'chunk'; frame: Uint8Array; isLast: boolean }
  /** No more chunks. */
  | { kind: 'end' }
  /** One more part may be sent. */
  | { kind: 'want' }
  | { kind: 'ping' }
  | { kind: 'leave' }

export type FromWorker =
  /** One more chunk may be sent. */
  | { kind: 'took' }
  | { kind: 'opened' }
  | { kind: 'part'; part: DecodedPart }
  | { kind: 'end'; timings: DecodeTimings }
  | { kind: 'failed'; code: ErrorCode; message: string; details: string | undefined }
  | { kind: 'pong' }
