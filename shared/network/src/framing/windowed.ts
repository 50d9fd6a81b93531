/**
 * Windowed transfer of frames (DESIGN §9): the sender may have `windowBytes` under way that the reader has not consumed;
 * the reader gives credit only for what its own consumer took. Chained over relays this is back-pressure from end to
 * end, also over WebRTC, which has none. A sender without a frame ready says that it is alive.
 */
import { limits, MarketplaceError, uint32be } from '@enigma/protocol'
import { networkLimits } from '../network-limits.ts'
import { aborted, streamLost, timedOut, unreadable } from './frame-errors.ts'
import type { FrameGroup } from './frame-group.ts'
import type { Frame, FramedStream } from './framed-stream.ts'
import { type Message, messageFrame, readMessage, takeMessage } from './message.ts'
import { createPatience, type PatienceLimits } from './patience.ts'

/** What a frame costs of the window beside its body: length and tag, rounded up. */
const frameOverheadBytes = 8
/** Signs of life and the end are sent without credit. */
const freeBytes = 4096
/** Of a message that follows a transfer: a request's envelope. */
const maxNextBytes = 1024

/** Bytes in flight of a windowed transfer, for tests and metrics. */
export type TransferObserver = {
  /** A frame was handed to the transport. */
  onSent?: ((bytes: number) => void) | undefined
  /** Bytes that arrived on the stream and were not yet consumed, at each frame. */
  onBuffered?: ((bytes: number) => void) | undefined
}

export type SendWindowedParameters = {
  channel: FramedStream
  groups: AsyncIterable<FrameGroup>
  /** Ends the sending and the frames' source. */
  signal: AbortSignal
  /** For the reader to make room for one frame, however little it takes at a time; `networkLimits` when absent. */
  stallTimeoutMs?: number | undefined
  /** A monotonic clock; `performance.now` when absent. */
  nowMs?: (() => number) | undefined
  observer?: TransferObserver | undefined
}

/** `next`: what the reader says once it has all, or undefined when it ends. */
export type SentTransfer = { next: Promise<Message | undefined> }

/** Sends all frames and the end; the stream stays open. Throws what `groups` throws. */
export async function sendWindowed({
  channel,
  groups,
  signal,
  stallTimeoutMs = networkLimits.stallTimeoutMs,
  nowMs,
  observer,
}: SendWindowedParameters): Promise<SentTransfer> {
  const window = createWindow({ idleTimeoutMs: stallTimeoutMs, maxTotalMs: stallTimeoutMs, nowMs })
  const transfer = { channel, window, signal, observer, isEndSent: false }
  const next = readCredits(transfer)
  // Its failure is thrown where credit is awaited, or to whoever awaits what comes next.
  next.catch(window.fail)
  const source = groups[Symbol.asyncIterator]()
  let isDone = false
  try {
    while (!isDone) {
      const pending = source.next()
      const group = await (transfer.isEndSent ? pending : whileAlive(channel, pending, signal))
      isDone = group.done === true
      if (group.done !== true) await sendGroup(transfer, group.value)
    }
  } catch (error) {
    if (transfer.isEndSent) channel.abort(streamLost(error))
    throw error
  } finally {
    if (!isDone) await endSource(source, signal)
  }
  if (!transfer.isEndSent) await sendGroup(transfer, { frames: [], isLast: true })
  return { next }
}

/** Ends this side of the stream after a transfer; resolves when the reader has ended too. */
export async function closeTransfer(
  channel: FramedStream,
  { next }: SentTransfer,
  stallTimeoutMs: number = networkLimits.stallTimeoutMs,
): Promise<void> {
  await channel.close()
  const timer = setTimeout(() => channel.abort(timedOut('end', stallTimeoutMs)), stallTimeoutMs)
  const message = await next.finally(() => clearTimeout(timer))
  if (message !== undefined) throw unreadable('The peer sent something after the answer.')
}

type Transfer = Pick<SendWindowedParameters, 'channel' | 'signal' | 'observer'> & {
  window: Window
  isEndSent: boolean
}

/** Sends a group in one piece as far as the window allows, the end with it when it is the last. */
async function sendGroup(transfer: Transfer, { frames, isLast }: FrameGroup): Promise<void> {
  const { channel, window, signal, observer } = transfer
  if (transfer.isEndSent) throw new TypeError('frames after the last group')
  let waiting: Frame[] = []
  for (const frame of frames) {
    const bytes = frame.length + frameOverheadBytes
    if (!window.hasRoom(bytes) && waiting.length > 0) await channel.write(waiting.splice(0), { signal })
    await window.take(bytes, signal)
    waiting.push(messageFrame('data', frame))
    observer?.onSent?.(frame.length)
  }
  if (isLast) {
    window.requireSound()
    waiting = [...waiting, messageFrame('end')]
    // The reader may ask again as soon as it has the end.
    transfer.isEndSent = true
  }
  if (waiting.length > 0) await channel.write(waiting, { signal })
}

/** Lets the source release what it holds. */
async function endSource(source: AsyncIterator<FrameGroup>, signal: AbortSignal): Promise<void> {
  const ending = source.return?.()
  // A cancelled source may still be inside `next`: its own signal ends it, and what it then throws is the cancellation.
  if (signal.aborted) ending?.catch(() => undefined)
  else await ending
}

type Window = {
  hasRoom: (bytes: number) => boolean
  take: (bytes: number, signal: AbortSignal) => Promise<void>
  /** Throws what the reader did wrong. */
  requireSound: () => void
  add: (bytes: number) => void
  fail: (error: unknown) => void
}

function createWindow(stallLimits: PatienceLimits): Window {
  let credit: number = networkLimits.windowBytes
  let failure: { error: unknown } | undefined
  let wake: (() => void) | undefined
  const requireSound = () => {
    if (failure !== undefined) throw failure.error
  }
  return {
    hasRoom: (bytes) => credit >= bytes,
    requireSound,
    async take(bytes, signal) {
      if (bytes > limits.frameBytes + frameOverheadBytes)
        throw new RangeError(`frame of ${bytes} bytes is over the limit`)
      // One wait for the whole frame: credit byte by byte does not begin it again.
      const patience = createPatience(stallLimits)
      while (credit < bytes && failure === undefined) {
        await stalled(signal, patience.leftMs(), (resolve) => (wake = resolve))
      }
      requireSound()
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

/** Reads credit until the reader ends or says something else, which it may only after the end. */
async function readCredits(transfer: Transfer): Promise<Message | undefined> {
  const { channel, window } = transfer
  for (;;) {
    const message = await readMessage(channel, { maxBytes: maxNextBytes, timeoutMs: Infinity })
    if (message === undefined) return undefined
    if (message.tag === 'credit') window.add(readCredit(message.body))
    else if (transfer.isEndSent) return message
    else throw unreadable('The peer sent no credit.')
  }
}

function readCredit(body: Uint8Array): number {
  if (body.length !== 4) throw unreadable('The peer sent no credit.')
  return new DataView(body.buffer, body.byteOffset, 4).getUint32(0)
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
  /** Takes the stream over once the last frame was taken. */
  onEnd?: (() => void) | undefined
}

/**
 * The frames of a windowed transfer, those that have arrived together in one group. Leaving the loop early resets the
 * stream, which cancels the sender; after the last group the stream is handed to `onEnd`, or ended when that is absent.
 */
export async function* receiveWindowed({
  channel,
  maxFrameBytes,
  signal,
  idleTimeoutMs = networkLimits.idleTimeoutMs,
  observer,
  onEnd,
  ...times
}: ReceiveWindowedParameters): AsyncGenerator<FrameGroup, void, undefined> {
  const credit = createCredit(channel)
  const patience = createPatience({ ...times, idleTimeoutMs })
  const read = (): Promise<Message | undefined> =>
    readMessage(channel, { maxBytes: maxFrameBytes, timeoutMs: patience.leftMs(), signal })
  let hasEnded = false
  try {
    while (!hasEnded) {
      const group = takeGroup({ channel, first: await read(), maxFrameBytes, credit, observer })
      hasEnded = group.isLast
      if (group.frames.length === 0 && !hasEnded) continue
      yield group
      if (!hasEnded) await credit.give(group.frames)
      patience.progress()
    }
  } catch (error) {
    channel.abort(error instanceof Error ? error : streamLost(error))
    throw error
  } finally {
    if (!hasEnded) channel.abort(new MarketplaceError({ code: 'aborted', message: 'The reader left.' }))
    else if (onEnd === undefined) await channel.close()
    else onEnd()
  }
}

type TakeGroupParameters = Pick<ReceiveWindowedParameters, 'channel' | 'maxFrameBytes' | 'observer'> & {
  first: Message | undefined
  credit: ReturnType<typeof createCredit>
}

/** The frame that was awaited and those behind it, as far as they have arrived and while they are few. */
function takeGroup({ channel, first, maxFrameBytes, credit, observer }: TakeGroupParameters): FrameGroup {
  if (first === undefined) throw streamLost()
  const frames: Uint8Array[] = []
  let bytes = 0
  for (let message: Message | undefined = first; message !== undefined;) {
    if (message.tag === 'end') return { frames, isLast: true }
    if (message.tag === 'data') {
      frames.push(message.body)
      bytes += message.body.length
      credit.count(message.body.length)
      observer?.onBuffered?.(channel.bufferedBytes + bytes)
    } else if (message.tag !== 'alive') {
      throw unreadable('The peer sent a message that is no frame.')
    }
    if (bytes >= networkLimits.windowBytes / 4) break
    message = takeMessage(channel, { maxBytes: maxFrameBytes })
  }
  return { frames, isLast: false }
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
    async give(frames: readonly Uint8Array[]) {
      for (const { length } of frames) consumed += length + frameOverheadBytes
      if (consumed < networkLimits.windowBytes / 4) return
      outstanding -= consumed
      const granted = consumed
      consumed = 0
      // A sender that has ended takes no credit; what it sent before is still read.
      if (channel.isWritable) await channel.write([messageFrame('credit', uint32be(granted))])
    },
  }
}
