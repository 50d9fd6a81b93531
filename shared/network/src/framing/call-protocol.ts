/** Request and streamed response: one CBOR request in, windowed frames out. The shape of every protocol but the query's. */
import { type ErrorCode, MarketplaceError } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import type * as v from 'valibot'
import { createRateLimiter, type RateLimiter } from '../admission.ts'
import { networkLimits } from '../network-limits.ts'
import { framesOfGroups, groupsOf } from './frame-group.ts'
import { readCbor, versionFrame } from './message.ts'
import { openStream } from './open-stream.ts'
import { type ProtocolHost, type ProtocolServer, type ServeCall, serveProtocol } from './serve-protocol.ts'
import { closeTransfer, receiveWindowed, sendWindowed } from './windowed.ts'

export type CallProtocolParameters = {
  connection: Connection
  protocol: string
  /** Encoded request. */
  request: Uint8Array
  /** The largest frame of the response. */
  maxFrameBytes: number
  /** Time without a frame, in milliseconds, whatever signs of life come; `networkLimits.callQuietMs` when absent. */
  maxQuietMs?: number | undefined
  /** For the whole answer, in milliseconds; `networkLimits.callTotalMs` when absent. */
  maxTotalMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** Asks and yields the frames of the response; throws the peer's refusal, or `no-route`, `timeout`, `unreadable`. */
export async function* callProtocol(parameters: CallProtocolParameters): AsyncGenerator<Uint8Array, void, undefined> {
  const { connection, protocol, request, maxFrameBytes, signal } = parameters
  const { maxQuietMs = networkLimits.callQuietMs, maxTotalMs = networkLimits.callTotalMs } = parameters
  const channel = await openStream({ connection, protocol, signal })
  try {
    await channel.write([versionFrame, [request]], { signal })
  } catch (error) {
    channel.abort(error instanceof Error ? error : new Error('The request was not sent.'))
    throw error
  }
  yield* framesOfGroups(receiveWindowed({ channel, maxFrameBytes, maxQuietMs, maxTotalMs, signal }))
}

export type ServeRequestsParameters<Schema extends v.GenericSchema> = {
  host: ProtocolHost
  protocol: string
  schema: Schema
  maxRequestBytes: number
  codes: readonly ErrorCode[]
  /** Requests that one peer may make; `defaultRate` when absent. */
  rate?: RateLimiter | undefined
  answer: (request: v.InferOutput<Schema>, call: ServeCall) => AsyncIterable<Uint8Array>
  onError: (error: unknown) => void
}

/** Serves a request-and-frames protocol; a peer over its rate is refused with `busy`. */
export function serveRequests<Schema extends v.GenericSchema>(
  parameters: ServeRequestsParameters<Schema>,
): Promise<ProtocolServer> {
  const { host, protocol, schema, maxRequestBytes, codes, answer, onError } = parameters
  const rate = parameters.rate ?? defaultRate()
  return serveProtocol({
    host,
    protocol,
    codes,
    fallback: 'busy',
    onError,
    serve: async (call) => {
      const request = await readCbor(call.channel, { schema, maxBytes: maxRequestBytes, what: 'request' })
      if (!rate.take(call.remote.peerId)) {
        throw new MarketplaceError({ code: 'busy', message: 'You ask this node too often; wait, or ask another one.' })
      }
      const { channel, signal } = call
      await closeTransfer(channel, await sendWindowed({ channel, groups: groupsOf(answer(request, call)), signal }))
    },
  })
}

/** Frames that are made one by one when they are pulled, as an asynchronous source. */
export function framesOf(frames: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const source = frames[Symbol.iterator]()
      // The executor turns what `next` throws into a rejection.
      return { next: () => new Promise<IteratorResult<Uint8Array>>((resolve) => resolve(source.next())) }
    },
  }
}

function defaultRate(): RateLimiter {
  const { requestsPerSecond: perSecond, requestBurst: burst } = networkLimits
  return createRateLimiter({ perSecond, burst, nowMs: () => performance.now() })
}
