/**
 * Windowed transfer of frames (DESIGN §9), sending side: it may have `windowBytes` under way that the reader has not
 * consumed. Chained over relays this is back-pressure from end to end, also over WebRTC, which has none. A sender without
 * a frame ready says that it is alive.
 */
import { limits } from '@enigma/protocol'
import { networkLimits } from '../network-limits.ts'
import { aborted, streamLost, timedOut, unreadable } from './frame-errors.ts'
import type { FrameGroup } from './frame-group.ts'
import type { Frame, FramedStream } from './framed-stream.ts'
import { type Message, messageFrame, readMessage } from './message.ts'
import { createPatience, type PatienceLimits } from './patience.ts'
import { frameOverheadBytes, type TransferObserver } from './window.ts'

/** Of a message that follows a transfer: a request's envelope. */
const maxNextBytes = 1024

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
