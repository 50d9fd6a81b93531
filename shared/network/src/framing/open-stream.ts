/** Opening streams: protocol agreed, errors as codes; also over limited circuits, whose relay decides what may pass. */
import type { Connection } from '@libp2p/interface'
import { MarketplaceError } from '@enigma/protocol'
import { networkLimits } from '../network-limits.ts'
import { aborted, timedOut } from './frame-errors.ts'
import { createFramedStream, type FramedStream } from './framed-stream.ts'
import { trafficOf } from './traffic.ts'

export type OpenStreamParameters = { connection: Connection; protocol: string; signal?: AbortSignal | undefined }

/** Opens a stream of a protocol on a connection; throws `no-route`, `timeout` or `aborted`. */
export async function openStream({ connection, protocol, signal }: OpenStreamParameters): Promise<FramedStream> {
  const timeout = AbortSignal.timeout(networkLimits.openTimeoutMs)
  try {
    const stream = await connection.newStream(protocol, {
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      runOnLimitedConnection: true,
      maxOutboundStreams: networkLimits.streamsPerConnection,
    })
    return createFramedStream({ stream, traffic: trafficOf(connection) })
  } catch (cause) {
    if (signal?.aborted) throw aborted(signal)
    if (timeout.aborted) throw timedOut('open a stream', networkLimits.openTimeoutMs)
    const message = `The peer ${connection.remotePeer.toString()} cannot be asked by ${protocol}; try another one.`
    throw new MarketplaceError({ code: 'no-route', message, cause })
  }
}

/** The best of several connections to one peer: open, without limits, and direct rather than relayed. */
export function pickConnection(connections: readonly Connection[]): Connection | undefined {
  const open = connections.filter((connection) => connection.status === 'open')
  return open.sort((a, b) => costOf(a) - costOf(b))[0]
}

function costOf({ limits, direct }: Connection): number {
  return (limits === undefined ? 0 : 2) + (direct ? 0 : 1)
}
