/**
 * Length-prefixed frames over a libp2p stream: an unsigned varint and that many bytes (multiformats varint, at most four
 * bytes). A frame is bounded before anything is allocated for it. The stream is read by events, not by its own async
 * iterator, whose queue has no bound; and drained by events, because `onDrain` of libp2p 3.3 resolves only its first time.
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { networkLimits } from '../network-limits.ts'
import { aborted, streamLost, timedOut, unreadable } from './frame-errors.ts'
import type { Traffic } from './traffic.ts'

/** A frame in parts, which are sent one after the other without being copied together. */
export type Frame = readonly Uint8Array[]

export type ReadFrameOptions = {
  /** A longer frame is refused before its bytes are awaited. */
  maxBytes: number
  /** For the whole frame to arrive; `Infinity` waits for ever. */
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** Frames over one stream; one reader and one writer at a time. */
export type FramedStream = {
  /** The next frame, or undefined when the peer has ended; throws `unreadable`, `timeout`, `aborted`, `no-route`. */
  read: (options: ReadFrameOptions) => Promise<Uint8Array | undefined>
  /** The next frame if all of it has arrived; throws `unreadable`. */
  take: (options: { maxBytes: number }) => Uint8Array | undefined
  /** Sends frames together and waits until the transport takes more; throws `timeout`, `aborted`, `no-route`. */
  write: (frames: readonly Frame[], options?: { signal?: AbortSignal | undefined }) => Promise<void>
  /** Ends the writing side, politely; what was sent still arrives. */
  close: () => Promise<void>
  /** Ends the writing side, throws away what still comes, and resets a peer that does not end in time. */
  finish: () => Promise<void>
  /** Resets the stream; the peer sees it at once. */
  abort: (error: Error) => void
  /** Bytes that arrived and were not read. */
  readonly bufferedBytes: number
  readonly isWritable: boolean
  /** Whether both sides may still send, and all that came was read. */
  readonly isIdle: boolean
  /** Aborted when the stream is reset or gone, with the reason. */
  readonly lost: AbortSignal
}

/** Mutable state of one framed stream. */
type State = {
  stream: Stream
  buffer: Uint8ArrayList
  hasEnded: boolean
  isClosing: boolean
  isDiscarding: boolean
  lost: AbortController
  traffic: Traffic
  /** Wakes the reader. */
  wake: (() => void) | undefined
}

export type CreateFramedStreamParameters = {
  stream: Stream
  /** Where its bytes are counted. */
  traffic?: Traffic | undefined
}

/** Takes over a stream; nothing else may read or write it from here on. */
export function createFramedStream({
  stream,
  traffic = { sent: 0, received: 0 },
}: CreateFramedStreamParameters): FramedStream {
  const state: State = {
    stream,
    traffic,
    buffer: new Uint8ArrayList(),
    hasEnded: stream.readableEnded,
    isClosing: false,
    isDiscarding: false,
    lost: new AbortController(),
    wake: undefined,
  }
  stream.maxReadBufferLength = networkLimits.overflowBytes
  listen(state)
  return {
    read: (options) => readFrame(state, options),
    take: ({ maxBytes }) => takeFrame(state, maxBytes),
    write: (frames, options) => writeFrames(state, frames, options?.signal),
    close: () => closeStream(state),
    finish: () => finishStream(state),
    abort: (error) => {
      state.buffer = new Uint8ArrayList()
      stream.abort(error)
    },
    get bufferedBytes() {
      return state.buffer.byteLength
    },
    get isWritable() {
      return stream.writeStatus === 'writable' && !state.lost.signal.aborted
    },
    get isIdle() {
      return this.isWritable && !state.hasEnded && state.buffer.byteLength === 0
    },
    lost: state.lost.signal,
  }
}

function listen(state: State): void {
  const { stream } = state
  stream.addEventListener('message', (event: StreamMessageEvent) => {
    state.traffic.received += event.data.byteLength
    if (!state.isDiscarding) state.buffer.append(event.data)
    if (state.buffer.byteLength >= networkLimits.pauseAtBytes && stream.readStatus === 'readable') stream.pause()
    state.wake?.()
  })
  stream.addEventListener('end', () => {
    state.hasEnded = true
    state.wake?.()
  })
  stream.addEventListener('close', (event: StreamCloseEvent) => onClose(state, event.error))
  if (stream.status === 'aborted' || stream.status === 'reset') onClose(state, new Error(`stream ${stream.status}`))
}

function onClose(state: State, error: Error | undefined): void {
  // A close without an error is the normal end only when this side had ended too; 'end' tells the reader.
  if (error !== undefined || !state.isClosing) state.lost.abort(streamLost(error))
  state.wake?.()
}

async function readFrame(state: State, { maxBytes, timeoutMs, signal }: ReadFrameOptions) {
  const deadline = createDeadline(state, timeoutMs, signal)
  try {
    for (;;) {
      if (signal?.aborted) throw aborted(signal)
      const frame = takeFrame(state, maxBytes)
      if (frame !== undefined) return frame
      if (state.lost.signal.aborted) throw state.lost.signal.reason
      if (state.hasEnded && state.buffer.byteLength === 0) return undefined
      if (state.hasEnded) throw unreadable('The peer ended in the middle of a frame.')
      if (deadline.hasPassed()) throw timedOut('send a frame', timeoutMs)
      await deadline.change()
    }
  } finally {
    deadline.clear()
  }
}

/** Waits for the state to change; the timer and listeners exist only when there is something to wait for. */
function createDeadline(state: State, timeoutMs: number, signal: AbortSignal | undefined) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let passed = false
  const wake = () => state.wake?.()
  const start = () => {
    signal?.addEventListener('abort', wake)
    if (timeoutMs === Infinity) return
    timer = setTimeout(() => {
      passed = true
      wake()
    }, timeoutMs)
  }
  let started = false
  return {
    hasPassed: () => passed,
    change: () =>
      new Promise<void>((resolve) => {
        state.wake = () => {
          state.wake = undefined
          resolve()
        }
        if (!started) start()
        started = true
      }),
    clear: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      state.wake = undefined
    },
  }
}

function takeFrame(state: State, maxBytes: number): Uint8Array | undefined {
  const { buffer, stream } = state
  const header = readLength(buffer)
  if (header === undefined) return undefined
  if (header.length > maxBytes) {
    throw unreadable(`The peer sent a frame of ${header.length} bytes; at most ${maxBytes} are read.`)
  }
  const end = header.size + header.length
  if (buffer.byteLength < end) return undefined
  // Plain bytes, also where the transport hands out Node's Buffer, whose `slice` shares memory.
  const { buffer: memory, byteOffset } = buffer.subarray(header.size, end)
  const frame = new Uint8Array(memory, byteOffset, header.length)
  buffer.consume(end)
  if (stream.readStatus === 'paused' && buffer.byteLength < networkLimits.pauseAtBytes / 2) stream.resume()
  return frame
}

function readLength(buffer: Uint8ArrayList): { length: number; size: number } | undefined {
  let length = 0
  for (let index = 0; index < 4; index++) {
    if (index >= buffer.byteLength) return undefined
    const byte = buffer.get(index)
    length += (byte & 0x7f) * 128 ** index
    if (byte < 0x80) return { length, size: index + 1 }
  }
  throw unreadable('The peer sent a frame without a readable length.')
}

/** The varint in front of a frame of `length` bytes. */
export function encodeFrameLength(length: number): Uint8Array {
  if (length > networkLimits.frameBytes) throw new RangeError(`frame of ${length} bytes is over the limit`)
  const bytes: number[] = []
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

async function writeFrames(state: State, frames: readonly Frame[], signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) throw aborted(signal)
  const list = new Uint8ArrayList()
  for (const frame of frames) {
    const length = frame.reduce((sum, part) => sum + part.byteLength, 0)
    list.append(encodeFrameLength(length))
    for (const part of frame) list.append(part)
  }
  state.traffic.sent += list.byteLength
  try {
    state.stream.send(list)
  } catch (error) {
    throw state.lost.signal.aborted ? state.lost.signal.reason : streamLost(error)
  }
  while (state.stream.writableNeedsDrain) await nextDrain(state, signal)
}

function nextDrain({ stream, lost }: State, signal: AbortSignal | undefined): Promise<undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const onLost = () => reject(lost.signal.reason as Error)
  const onAbort = () => signal && reject(aborted(signal))
  const onTimeout = () => reject(timedOut('take what was sent', networkLimits.stallTimeoutMs))
  const timer = setTimeout(onTimeout, networkLimits.stallTimeoutMs)
  stream.addEventListener('drain', () => resolve(undefined), { once: true })
  lost.signal.addEventListener('abort', onLost)
  signal?.addEventListener('abort', onAbort)
  if (lost.signal.aborted) onLost()
  return promise.finally(() => {
    clearTimeout(timer)
    lost.signal.removeEventListener('abort', onLost)
    signal?.removeEventListener('abort', onAbort)
  })
}

async function closeStream(state: State): Promise<void> {
  const { stream, lost } = state
  if (stream.writeStatus !== 'writable') return
  state.isClosing = true
  try {
    await stream.close({ signal: AbortSignal.timeout(networkLimits.frameTimeoutMs) })
  } catch (error) {
    // A peer that takes nothing more cannot be ended politely.
    if (!lost.signal.aborted) stream.abort(streamLost(error))
  }
}

async function finishStream(state: State): Promise<void> {
  state.isDiscarding = true
  state.buffer = new Uint8ArrayList()
  if (state.stream.readStatus === 'paused') state.stream.resume()
  const deadline = createDeadline(state, networkLimits.frameTimeoutMs, undefined)
  try {
    await closeStream(state)
    while (!state.hasEnded && !state.lost.signal.aborted && !deadline.hasPassed()) await deadline.change()
    if (!state.hasEnded) state.stream.abort(timedOut('end', networkLimits.frameTimeoutMs))
  } finally {
    deadline.clear()
  }
}
