/**
 * Windowed transfer of frames (DESIGN §9), reading side: it gives credit only for what its own consumer took.
 */
import { MarketplaceError, uint32be } from '@enigma/protocol'
import { networkLimits } from '../network-limits.ts'
import { streamLost, unreadable } from './frame-errors.ts'
import type { FrameGroup } from './frame-group.ts'
import type { FramedStream } from './framed-stream.ts'
import { type Message, messageFrame, readMessage, takeMessage } from './message.ts'
import { createPatience, type PatienceLimits } from './patience.ts'
import { frameOverheadBytes, freeBytes, type TransferObserver } from './window.ts'

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
