/**
 * Windowed transfer of frames (DESIGN §9): the sender may have `windowBytes` under way that the reader has not consumed;
 * the reader gives credit only for what its own consumer took. Chained over relays this is back-pressure from end to
 * end, also over WebRTC, which has none. A sender without a frame ready says that it is alive.
 */
import { limits, MarketplaceError, uint32be } from '@enigma/protocol'
import { networkLimits } from '../network-limits.ts'
import { aborted, streamLost, timedOut, unreadable } from './frame-errors.ts'
import type { FramedStream } from './framed-stream.ts'
import { messageFrame, readMessage } from './message.ts'
import { createPatience, type PatienceLimits } from './patience.ts'

/** What a frame costs of the window beside its body: length and tag, rounded up. */
const frameOverheadBytes = 8
/** Signs of life and the end are sent without credit. */
const freeBytes = 4096

/** Bytes in flight of a windowed transfer, for tests and metrics. */
export type TransferObserver = {
  /** A frame was handed to the transport. */
  onSent?: ((bytes: number) => void) | undefined
  /** Bytes that arrived on the stream and were not yet consumed, at each frame. */
  onBuffered?: ((bytes: number) => void) | undefined
}

export type SendWindowedParameters = {
  channel: FramedStream
  frames: AsyncIterable<Uint8Array>
  /** Ends the sending and the frames' source. */
  signal: AbortSignal
  /** For the reader to make room for one frame, however little it takes at a time; `networkLimits` when absent. */
  stallTimeoutMs?: number | undefined
  /** A monotonic clock; `performance.now` when absent. */
  nowMs?: (() => number) | undefined
  observer?: TransferObserver | undefined
}

/** Sends all frames and the end; resolves when the reader has ended too. Throws what `frames` throws. */
export async function sendWindowed({
  channel,
  frames,
  signal,
  stallTimeoutMs = networkLimits.stallTimeoutMs,
  nowMs,
  observer,
}: SendWindowedParameters): Promise<void> {
  const window = createWindow({ idleTimeoutMs: stallTimeoutMs, maxTotalMs: stallTimeoutMs, nowMs })
  const reading = readCredits(channel, window).catch((error: unknown) => {
    window.fail(error)
    throw error
  })
  // Its failure is thrown where credit is awaited, or at the end.
  reading.catch(() => undefined)
  const source = frames[Symbol.asyncIterator]()
  let isDone = false
  try {
    for (;;) {
      const next = await whileAlive(channel, source.next(), signal)
      isDone = next.done === true
      if (next.done === true) break
      await window.take(next.value.length + frameOverheadBytes, signal)
      await channel.write([messageFrame('data', next.value)], { signal })
      observer?.onSent?.(next.value.length)
    }
  } finally {
    if (!isDone) await endSource(source, signal)
  }
  await channel.write([messageFrame('end')], { signal })
  await channel.close()
  const timer = setTimeout(() => channel.abort(timedOut('end', stallTimeoutMs)), stallTimeoutMs)
  await reading.finally(() => clearTimeout(timer))
}

/** Lets the source release what it holds. */
async function endSource(source: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<void> {
  const ending = source.return?.()
  // A cancelled source may still be inside `next`: its own signal ends it, and what it then throws is the cancellation.
  if (signal.aborted) ending?.catch(() => undefined)
  else await ending
}

type Window = {
  take: (bytes: number, signal: AbortSignal) => Promise<void>
  add: (bytes: number) => void
  fail: (error: unknown) => void
}

function createWindow(stallLimits: PatienceLimits): Window {
  let credit: number = networkLimits.windowBytes
  let failure: { error: unknown } | undefined
  let wake: (() => void) | undefined
  return {
    async take(bytes, signal) {
      if (bytes > limits.frameBytes + frameOverheadBytes)
        throw new RangeError(`frame of ${bytes} bytes is over the limit`)
      // One wait for the whole frame: credit byte by byte does not begin it again.
      const patience = createPatience(stallLimits)
      while (credit < bytes && failure === undefined) {
        await stalled(signal, patience.leftMs(), (resolve) => (wake = resolve))
      }
      if (failure !== undefined) throw failure.error
      credit -= bytes
    },
    add(bytes) {
      credit += bytes
      if (credit > networkLimits.windowBytes) throw unreadable('The peer gave more credit than it took frames.')
      wake?.()
    },
    fail(error) {
      failure ??= { error }
      wake?.()
    },
  }
}

/** Waits for the reader to take something. */
function stalled(signal: AbortSignal, timeoutMs: number, onWake: (resolve: () => void) => void): Promise<undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => reject(timedOut('take the answer', timeoutMs)), timeoutMs)
  const onAbort = () => reject(aborted(signal))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  onWake(() => resolve(undefined))
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  })
}

/** Reads credit until the reader ends; it ends after it saw our end. */
async function readCredits(channel: FramedStream, window: Window): Promise<void> {
  for (;;) {
    const message = await readMessage(channel, { maxBytes: 4, timeoutMs: Infinity })
    if (message === undefined) return
    if (message.tag !== 'credit' || message.body.length !== 4) throw unreadable('The peer sent no credit.')
    window.add(new DataView(message.body.buffer, message.body.byteOffset, 4).getUint32(0))
  }
}

/** Awaits `pending` and meanwhile tells the reader that this side is alive. */
function whileAlive<Result>(channel: FramedStream, pending: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  const timer = setInterval(() => {
    channel.write([messageFrame('alive')], { signal }).catch(reject)
  }, networkLimits.aliveIntervalMs)
  const onAbort = () => reject(aborted(signal))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  pending.then(resolve, reject)
  return promise.finally(() => {
    clearInterval(timer)
    signal.removeEventListener('abort', onAbort)
  })
}

export type ReceiveWindowedParameters = Omit<PatienceLimits, 'idleTimeoutMs'> & {
  channel: FramedStream
  /** The largest frame that is accepted. */
  maxFrameBytes: number
  signal?: AbortSignal | undefined
  idleTimeoutMs?: number | undefined
  observer?: TransferObserver | undefined
}

/** The frames of a windowed transfer. Leaving the loop early resets the stream, which cancels the sender. */
export async function* receiveWindowed({
  channel,
  maxFrameBytes,
  signal,
  idleTimeoutMs = networkLimits.idleTimeoutMs,
  observer,
  ...times
}: ReceiveWindowedParameters): AsyncGenerator<Uint8Array, void, undefined> {
  const credit = createCredit(channel)
  const patience = createPatience({ ...times, idleTimeoutMs })
  let hasEnded = false
  try {
    for (;;) {
      const message = await readMessage(channel, { maxBytes: maxFrameBytes, timeoutMs: patience.leftMs(), signal })
      if (message === undefined) throw streamLost()
      if (message.tag === 'alive') continue
      hasEnded = message.tag === 'end'
      if (hasEnded) break
      if (message.tag !== 'data') throw unreadable('The peer sent a message that is no frame.')
      credit.count(message.body.length)
      observer?.onBuffered?.(channel.bufferedBytes + message.body.length)
      yield message.body
      await credit.give(message.body.length)
      patience.progress()
    }
  } catch (error) {
    channel.abort(error instanceof Error ? error : streamLost(error))
    throw error
  } finally {
    if (hasEnded) await channel.close()
    else channel.abort(new MarketplaceError({ code: 'aborted', message: 'The reader left.' }))
  }
}

/** Counts what was received against what was granted, and grants again in quarters of the window. */
function createCredit(channel: FramedStream) {
  let outstanding = 0
  let consumed = 0
  return {
    count(bytes: number) {
      outstanding += bytes + frameOverheadBytes
      if (outstanding + channel.bufferedBytes > networkLimits.windowBytes + freeBytes) {
        throw unreadable('The peer sent more than its window.')
      }
    },
    async give(bytes: number) {
      consumed += bytes + frameOverheadBytes
      if (consumed < networkLimits.windowBytes / 4) return
      outstanding -= consumed
      const granted = consumed
      consumed = 0
      // A sender that has ended takes no credit; what it sent before is still read.
      if (channel.isWritable) await channel.write([messageFrame('credit', uint32be(granted))])
    },
  }
}
