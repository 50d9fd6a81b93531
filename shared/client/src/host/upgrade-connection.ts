/** From raw bytes to a libp2p connection: noise, whose peer must be the one that was dialled, then a muxer. */
import type {
  Connection,
  ConnectionEncrypter,
  ConnectionLimits,
  MessageStream,
  MultiaddrConnection,
  PeerId,
  StreamMuxerFactory,
  Upgrader,
} from '@libp2p/interface'
import { select } from '@libp2p/multistream-select'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { DialConnection, type StreamHandlers } from './dial-connection.ts'

export type DialUpgraderParameters = {
  /** Noise, made over this very upgrader. */
  encrypter: () => ConnectionEncrypter
  muxer: StreamMuxerFactory
  handlers: StreamHandlers
  onConnection: (connection: Connection) => void
}

type UpgradeOptions = {
  signal: AbortSignal
  skipEncryption?: boolean
  /** Whom the transport's own encryption has proven. */
  remotePeer?: PeerId
  muxerFactory?: StreamMuxerFactory
  limits?: ConnectionLimits
}

type Secured = { stream: MessageStream; remotePeer: PeerId; muxer: StreamMuxerFactory | undefined }

/** Creates the upgrader of a host that only dials. */
export function createDialUpgrader(parameters: DialUpgraderParameters): Upgrader {
  const { encrypter, muxer, handlers, onConnection } = parameters
  const muxers = new Map([[muxer.protocol, muxer]])

  const encrypt = async (maConn: MultiaddrConnection, expected: PeerId, signal: AbortSignal): Promise<Secured> => {
    const noise = encrypter()
    await select(maConn, noise.protocol, { signal })
    const secured = await noise.secureOutbound(maConn, { signal, remotePeer: expected })
    const { connection: stream, remotePeer, streamMuxer } = secured
    return { stream, remotePeer, muxer: streamMuxer }
  }
  const upgrade = async (maConn: MultiaddrConnection, options: UpgradeOptions): Promise<Connection> => {
    const { signal, limits } = options
    const expected = lastPeerOf(maConn.remoteAddr)
    const secured: Secured =
      options.skipEncryption === true && options.remotePeer !== undefined
        ? { stream: maConn, remotePeer: options.remotePeer, muxer: options.muxerFactory }
        : await encrypt(maConn, expected, signal)
    const { stream, remotePeer } = secured
    if (!remotePeer.equals(expected)) {
      throw new Error(`${expected.toString()} was dialled and ${remotePeer.toString()} answered`)
    }
    const factory = secured.muxer ?? muxers.get(await select(stream, [...muxers.keys()], { signal })) ?? muxer
    return new DialConnection({ maConn, muxer: factory.createStreamMuxer(stream), remotePeer, limits, handlers })
  }
  return {
    async upgradeOutbound(maConn: MultiaddrConnection, options: UpgradeOptions): Promise<Connection> {
      try {
        const connection = await upgrade(maConn, options)
        onConnection(connection)
        return connection
      } catch (error) {
        maConn.abort(error instanceof Error ? error : new Error('the connection was not upgraded', { cause: error }))
        throw error
      }
    },
    upgradeInbound: () => Promise.reject(new TypeError('this host takes no connections')),
    createInboundAbortSignal() {
      throw new TypeError('this host takes no connections')
    },
    getStreamMuxers: () => muxers,
    getConnectionEncrypters: () => new Map([[encrypter().protocol, encrypter()]]),
  }
}

/** Whom an address leads to; throws a TypeError when it does not say. */
export function lastPeerOf(address: Multiaddr): PeerId {
  const peerId = address.getComponents().findLast(({ name }) => name === 'p2p')?.value
  if (peerId === undefined) throw new TypeError(`an address names no peer: ${address.toString()}`)
  return peerIdFromString(peerId)
}
