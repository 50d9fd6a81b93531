/** Request and streamed response, serving side. */
import { type ErrorCode, MarketplaceError } from '@enigma/protocol'
import type * as v from 'valibot'
import { createRateLimiter, type RateLimiter } from '../admission.ts'
import { networkLimits } from '../network-limits.ts'
import { groupsOf } from './frame-group.ts'
import { readCbor } from './message.ts'
import { closeTransfer, sendWindowed } from './send-windowed.ts'
import { type ProtocolHost, type ProtocolServer, type ServeCall, serveProtocol } from './serve-protocol.ts'

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
