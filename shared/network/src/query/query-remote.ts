/** `/enigma/query/1.0.0`, asking side: a sealed query goes in, opaque frames come out. */
import { limits } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { messageFrame, versionFrame } from '../framing/message.ts'
import type { LeasedStream, StreamPool } from '../framing/stream-pool.ts'
import type { FrameGroup } from '../framing/frame-group.ts'
import { receiveWindowed } from '../framing/receive-windowed.ts'
import type { TransferObserver } from '../framing/window.ts'
import type { PatienceLimits } from '../framing/patience.ts'
import { encodeQueryRoute, type QueryRoute } from './query-route.ts'

export type SendQueryParameters = Omit<PatienceLimits, 'idleTimeoutMs'> & {
  /** A pool of `protocolIds.query`. */
  streams: StreamPool
  /** To the audience itself, or to a relay that is to find it. */
  connection: Connection
  route: QueryRoute
  /** An encoded `SealedQuery`. */
  sealed: Uint8Array
  /** Cancels the query all the way to the node. */
  signal?: AbortSignal | undefined
  /** Silence after which the path is given up; `networkLimits.idleTimeoutMs` when absent. */
  idleTimeoutMs?: number | undefined
  observer?: TransferObserver | undefined
}

/**
 * The frames of the answer in groups, the header first; consuming them is what lets the next ones come. Leaving the loop
 * cancels the query. Throws the clear-text codes of a path: `unreadable`, `busy`, `no-route`, `version-mismatch`, and `timeout`
 * or `aborted` of this side; after each of them another path may be tried with a newly signed query.
 */
export async function* sendQuery(parameters: SendQueryParameters): AsyncGenerator<FrameGroup, void, undefined> {
  const { streams, connection, route, sealed, signal, ...times } = parameters
  const stream = await streams.take({ connection, signal })
  await sendRequest(stream, route, sealed, signal)
  const { channel, giveBack: onEnd } = stream
  yield* receiveWindowed({ channel, maxFrameBytes: limits.frameBytes, signal, onEnd, ...times })
}

async function sendRequest(
  { channel, isUsed }: LeasedStream,
  route: QueryRoute,
  sealed: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const encoded = encodeQueryRoute(route)
  const opening = isUsed ? [messageFrame('request', encoded)] : [versionFrame, [encoded]]
  try {
    await channel.write([...opening, [sealed]], { signal })
  } catch (error) {
    channel.abort(error instanceof Error ? error : new Error('The request was not sent.'))
    throw error
  }
}
