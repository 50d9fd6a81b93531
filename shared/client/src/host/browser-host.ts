/**
 * The libp2p host of a page: it dials and never listens. Built of libp2p's own transports, noise and yamux; what a full
 * node has beside them (peer store, address and connection manager, identify) a thin client does not need, and they would
 * be a third of what the page loads.
 */
import { joinWrites } from '@enigma/network'
import type { Connection, Logger, StreamHandler, Transport } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import {
  webRTC,
  webRTCDirect,
  type WebRTCDirectTransportComponents,
  type WebRTCTransportComponents,
} from '@libp2p/webrtc'
import { webSockets, type WebSocketsComponents } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../types.ts'
import type { StreamHandlers } from './dial-connection.ts'
import { circuitOf, dialCircuit } from './dial-circuit.ts'
import type { HostIdentity } from './host-identity.ts'
import { ladderCrypto } from './ladder-crypto.ts'
import { createDialUpgrader, lastPeerOf } from './upgrade-connection.ts'

export type BrowserHostParameters = {
  /** STUN servers for WebRTC; none by default: no third party learns of the visit. */
  iceServers?: readonly { urls: string }[]
}

/** Creates the host; nothing is dialled yet. */
export function createBrowserHost({ privateKey, peerId }: HostIdentity, parameters: BrowserHostParameters = {}): Host {
  const { iceServers = [] } = parameters
  const open = new Set<Connection>()
  const { handlers, ...protocols } = createProtocols()
  const stopped = new AbortController()
  const logger = { forComponent: () => silent }
  const upgrader = createDialUpgrader({
    encrypter: () => encrypter,
    muxer: yamux()(),
    handlers,
    onConnection(connection) {
      open.add(connection)
      connection.addEventListener('close', () => open.delete(connection), { once: true })
    },
  })
  const encrypter = joinWrites(noise({ crypto: ladderCrypto }))({ peerId, privateKey, logger, upgrader })
  const getConnections = () => [...open]
  const connectionsTo = (peer: { toString: () => string }) =>
    getConnections().filter(({ remotePeer, status }) => status === 'open' && remotePeer.toString() === peer.toString())

  const dial = async (address: Multiaddr, signal: AbortSignal): Promise<Connection> => {
    const both = AbortSignal.any([signal, stopped.signal])
    both.throwIfAborted()
    const toRelay = async (relay: Multiaddr) => connectionsTo(lastPeerOf(relay))[0] ?? (await dial(relay, both))
    const transport = transports.find((each) => each.dialFilter([address]).length > 0)
    if (transport !== undefined) return transport.dial(address, { signal: both, upgrader })
    return dialCircuit({ address, toRelay, upgrader, signal: both })
  }
  // What the transports ask of a node beside what a dial is given: WebRTC looks for the circuit that introduces it.
  const components = {
    ...{ peerId, privateKey, logger, upgrader },
    connectionManager: { getConnections: connectionsTo },
    transportManager: { dial: (address: Multiaddr, options: { signal: AbortSignal }) => dial(address, options.signal) },
  }
  const rtcConfiguration = { iceServers: [...iceServers] }
  const transports: readonly Transport[] = [
    webSockets()(components as unknown as WebSocketsComponents),
    webRTCDirect({ rtcConfiguration })(components as unknown as WebRTCDirectTransportComponents),
    webRTC({ rtcConfiguration })(components as unknown as WebRTCTransportComponents),
  ]
  return {
    ...{ peerId, getConnections, ...protocols },
    async dial(address, { signal }) {
      const connection = await dial(address, signal)
      leaveIntroduction(connection, connectionsTo(connection.remotePeer))
      return connection
    },
    async stop() {
      stopped.abort(new Error('the host has stopped'))
      await Promise.allSettled(getConnections().map((connection) => connection.close()))
    },
  }
}

/** What peers that were dialled may ask here. */
function createProtocols(): Pick<Host, 'handle' | 'unhandle'> & { handlers: StreamHandlers } {
  const handlers = new Map<string, StreamHandler>()
  return {
    handlers,
    handle(protocols, handler) {
      for (const protocol of [protocols].flat()) handlers.set(protocol, handler)
      return Promise.resolve()
    },
    unhandle(protocols) {
      for (const protocol of [protocols].flat()) handlers.delete(protocol)
      return Promise.resolve()
    },
  }
}

/** The circuit over which WebRTC was agreed has done its work; relays have few of them. */
function leaveIntroduction(connection: Connection, others: readonly Connection[]): void {
  if (!connection.direct || circuitOf(connection.remoteAddr) === undefined) return
  for (const other of others) if (!other.direct) closeOnceUnused(other)
}

/** The stream on which WebRTC was agreed may still be ending, and a query may be on its way. */
function closeOnceUnused(connection: Connection): void {
  if (connection.status !== 'open') return
  const inUse = connection.streams.find(({ status }) => status === 'open' || status === 'closing')
  if (inUse !== undefined) {
    inUse.addEventListener('close', () => closeOnceUnused(connection), { once: true })
    return
  }
  connection
    .close()
    .catch((error: unknown) => connection.abort(error instanceof Error ? error : new Error('not closed')))
}

/** Libraries tell their steps to nobody: errors reach the caller as errors. */
const silent: Logger = Object.assign(() => undefined, {
  enabled: false,
  error: () => undefined,
  trace: () => undefined,
  newScope: () => silent,
})
