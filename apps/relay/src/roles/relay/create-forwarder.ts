/**
 * Passes a sealed query on towards its audience (DESIGN §9): over an open connection, else to an address of its node
 * record, else to the relay that its circuit address names. Frames come back the same way, pulled as the asker takes them.
 */
import { networkLimits, type QueryHandler, sendQuery, type StreamPool, type TransferObserver } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import { isPathFailure, type NextHops } from './next-hops.ts'
import { type ForwardWatch, watchForwards } from './watch-forwards.ts'

export type CreateForwarderParameters = {
  hops: NextHops
  /** A pool of `protocolIds.query`. */
  streams: StreamPool
  /** A monotonic clock. */
  nowMs: () => number
  /** Time without a frame of the answer, in milliseconds, over all hops that are tried. */
  maxQuietMs?: number | undefined
  /** For the whole answer of one hop, in milliseconds. */
  maxTotalMs?: number | undefined
  observer?: TransferObserver | undefined
  /** Called at the start of each query that is passed on. */
  watchForward?: (() => ForwardWatch) | undefined
}

/** Creates the handler of queries for other nodes. */
export function createForwarder(parameters: CreateForwarderParameters): QueryHandler {
  const { streams, hops, nowMs } = parameters
  const { maxQuietMs = networkLimits.queryQuietMs, maxTotalMs = networkLimits.queryTotalMs } = parameters
  return watchForwards(async function* forward({ route, sealed, remote, signal }, own) {
    const observer = bothOf(parameters.observer, own)
    let failure: unknown
    const beganAtMs = nowMs()
    for (const hop of hops.to(route.audience)) {
      if (hop.peerId === remote.peerId) continue
      let hasBegun = false
      try {
        const connection = await hops.dial(hop, signal)
        const times = { maxQuietMs, maxTotalMs, nowMs }
        for await (const group of sendQuery({ streams, connection, route, sealed, signal, observer, ...times })) {
          hasBegun = true
          yield group
        }
        return
      } catch (error) {
        // The asker does not wait for another hop after one that took all the time.
        const isLate = nowMs() - beganAtMs >= maxQuietMs
        const mayGoOn = error instanceof MarketplaceError && isPathFailure(error.code)
        if (hasBegun || isLate || signal.aborted || !mayGoOn) throw error
        failure = error
      }
    }
    const message = 'This relay knows no way to the node now; try another relay.'
    throw new MarketplaceError({ code: 'no-route', message, cause: failure })
  }, parameters.watchForward)
}

function bothOf(one: TransferObserver | undefined, other: TransferObserver | undefined): TransferObserver {
  return {
    onSent(bytes) {
      one?.onSent?.(bytes)
      other?.onSent?.(bytes)
    },
    onBuffered(bytes) {
      one?.onBuffered?.(bytes)
      other?.onBuffered?.(bytes)
    },
  }
}
