/**
 * A libp2p host that dials and never listens: transports, noise and yamux. What a full node has beside them (peer store,
 * address and connection manager, identify) a thin client does not need, and they would be a third of what a page loads.
 */
import { joinWrites } from '@enigma/network'
import type { ComponentLogger, Connection, Logger, StreamHandler, Transport, Upgrader } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../types.ts'
import type { StreamHandlers } from './dial-connection.ts'
import type { HostIdentity } from './host-identity.ts'
import { ladderCrypto } from './ladder-crypto.ts'
import { createDialUpgrader } from './upgrade-connection.ts'

export type DialParameters = { address: Multiaddr; upgrader: Upgrader; signal: AbortSignal }

/** What a transport is made of here, as libp2p names it; WebRTC looks for the circuit that introduces it. */
export type TransportComponents = HostIdentity & {
  logger: ComponentLogger
  upgrader: Upgrader
  connectionManager: { getConnections: (peer: { toString: () => string }) => Connection[] }
  transportManager: { dial: (address: Multiaddr, options: { signal: AbortSignal }) => Promise<Connection> }
}

export type DialHostParameters = {
  identity: HostIdentity
  /** The first whose filter passes an address dials it. */
  createTransports: (components: TransportComponents) => readonly Pick<Transport, 'dial' | 'dialFilter'>[]
  /** Dials what no transport does; such an address is refused when absent. */
  dialOther?: (parameters: DialParameters & { components: TransportComponents }) => Promise<Connection>
  /** Told of each connection that a caller has dialled. */
  onDialled?: (connection: Connection, others: readonly Connection[]) => void
}

/** Creates the host; nothing is dialled yet. */
export function createDialHost(parameters: DialHostParameters): Host {
  const { identity, createTransports, dialOther = refuse, onDialled } = parameters
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
  const encrypter = joinWrites(noise({ crypto: ladderCrypto }))({ ...identity, logger, upgrader })
  const getConnections = () => [...open]
  const connectionsTo = (peer: { toString: () => string }) =>
    getConnections().filter(({ remotePeer, status }) => status === 'open' && remotePeer.toString() === peer.toString())

  const dial = async (address: Multiaddr, signal: AbortSignal): Promise<Connection> => {
    const both = AbortSignal.any([signal, stopped.signal])
    both.throwIfAborted()
    const transport = transports.find((each) => each.dialFilter([address]).length > 0)
    if (transport !== undefined) return transport.dial(address, { signal: both, upgrader })
    return dialOther({ address, upgrader, signal: both, components })
  }
  const components: TransportComponents = {
    ...{ ...identity, logger, upgrader },
    connectionManager: { getConnections: connectionsTo },
    transportManager: { dial: (address, options) => dial(address, options.signal) },
  }
  const transports = createTransports(components)
  return {
    ...{ peerId: identity.peerId, getConnections, ...protocols },
    async dial(address, { signal }) {
      const connection = await dial(address, signal)
      onDialled?.(connection, connectionsTo(connection.remotePeer))
      return connection
    },
    async stop() {
      stopped.abort(new Error('the host has stopped'))
      await Promise.allSettled(getConnections().map((connection) => connection.close()))
    },
  }
}

function refuse({ address }: DialParameters): Promise<Connection> {
  return Promise.reject(new TypeError(`this host cannot dial ${address.toString()}`))
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

/** Libraries tell their steps to nobody: errors reach the caller as errors. */
const silent: Logger = Object.assign(() => undefined, {
  enabled: false,
  error: () => undefined,
  trace: () => undefined,
  newScope: () => silent,
})
