/** The serving side of every protocol: version word, refusals as data, cancellation, and an end to all streams at stop. */
import { type ErrorCode, errorToRefusal, MarketplaceError } from '@enigma/protocol'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { networkLimits } from '../network-limits.ts'
import { streamLost } from './frame-errors.ts'
import { createFramedStream, type FramedStream } from './framed-stream.ts'
import { acceptVersion, narrowCode, refusalFrame } from './message.ts'

/** The part of libp2p that serving needs. */
export type ProtocolHost = Pick<Libp2p, 'handle' | 'unhandle'>

/** Who is at the other end: the peer, and the address that its connection came from. */
export type RemotePeer = { peerId: string; address: string }

export type ProtocolServer = {
  /** Takes no more streams and resets the open ones. */
  stop: () => Promise<void>
}

export type ServeCall = {
  channel: FramedStream
  connection: Connection
  remote: RemotePeer
  /** Aborted when the stream is reset, the peer is gone, or the server stops. */
  signal: AbortSignal
}

export type ServeProtocolParameters = {
  host: ProtocolHost
  protocol: string
  /** Codes that may leave this node by this protocol; any other becomes `fallback`. */
  codes: readonly ErrorCode[]
  fallback: ErrorCode
  /** How long a stream may stay open before its first frame. */
  firstFrameTimeoutMs?: number | undefined
  /** Handles one stream, after the version word. */
  serve: (call: ServeCall) => Promise<void>
  /** Told of failures inside this node; refusals and lost peers are not failures. */
  onError: (error: unknown) => void
}

/** Registers a protocol on a host. */
export async function serveProtocol(parameters: ServeProtocolParameters): Promise<ProtocolServer> {
  const { host, protocol } = parameters
  const open = new Set<FramedStream>()
  const handler = async (stream: Stream, connection: Connection) => {
    const channel = createFramedStream({ stream })
    open.add(channel)
    try {
      await serveStream(parameters, channel, connection)
    } finally {
      open.delete(channel)
    }
  }
  await host.handle(protocol, handler, {
    maxInboundStreams: networkLimits.streamsPerConnection,
    maxOutboundStreams: networkLimits.streamsPerConnection,
    runOnLimitedConnection: true,
  })
  return {
    async stop() {
      await host.unhandle(protocol)
      for (const channel of open) channel.abort(new Error('The node stops.'))
    },
  }
}

async function serveStream(
  parameters: ServeProtocolParameters,
  channel: FramedStream,
  connection: Connection,
): Promise<void> {
  const { serve, firstFrameTimeoutMs = networkLimits.frameTimeoutMs } = parameters
  const remote = { peerId: connection.remotePeer.toString(), address: connection.remoteAddr.toString() }
  try {
    const isOpened = await acceptVersion(channel, firstFrameTimeoutMs)
    if (isOpened) await serve({ channel, connection, remote, signal: channel.lost })
    else await channel.close()
  } catch (error) {
    await refuse(parameters, channel, error)
  }
}

/** Tells the peer why, if it is still there. */
async function refuse(
  { codes, fallback, onError }: ServeProtocolParameters,
  channel: FramedStream,
  error: unknown,
): Promise<void> {
  if (!(error instanceof MarketplaceError)) onError(error)
  if (channel.lost.aborted || !channel.isWritable) return
  const refusal = errorToRefusal(error, fallback)
  try {
    await channel.write([refusalFrame({ ...refusal, code: narrowCode(refusal.code, codes, fallback) })])
    await channel.finish()
  } catch (cause) {
    // The peer left while it was being refused.
    channel.abort(streamLost(cause))
  }
}
