/** Connections: the relays of the network file, those that worked first, and nodes on the direct path. */
import { MarketplaceError, protocolIds } from '@enigma/protocol'
import { aborted, createStreamPool, pickConnection, type StreamPool } from '@enigma/network'
import type { Connection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Host, Transport } from './types.ts'

const connectTimeoutMs = 10_000

export type Relay = { peerId: string; addresses: readonly Multiaddr[] }

export type ConnectOptions = { signal?: AbortSignal | undefined; webrtcOnly?: boolean }

export type Connections = {
  /** The relays, those that answered last first. */
  relays: () => readonly Relay[]
  /** A connection to a relay; throws `no-relay`. */
  toRelay: (relay: Relay, options: ConnectOptions) => Promise<Connection>
  /** A connection to a node at its own addresses; throws `no-node`. */
  toNode: (node: { peerId: string; multiaddrs: readonly string[] }, options: ConnectOptions) => Promise<Connection>
  /** Puts a relay that failed behind the others. */
  demote: (relay: Relay) => void
  /** Puts a relay that answered before the others. */
  prefer: (relay: Relay) => void
  readonly queryStreams: StreamPool
}

/** Creates the connections over a host; nothing is dialled yet. */
export function createConnections({
  host,
  relayAddresses,
}: {
  host: Host
  relayAddresses: readonly string[]
}): Connections {
  const relays = groupByPeer(relayAddresses)
  return {
    relays: () => [...relays],
    async toRelay({ peerId, addresses }, options) {
      try {
        return await connect(host, { peerId, addresses }, options)
      } catch (cause) {
        if (options.signal?.aborted) throw aborted(options.signal)
        const message = 'The relay cannot be reached; another one is tried.'
        throw new MarketplaceError({ code: 'no-relay', message, details: peerId, cause })
      }
    },
    async toNode({ peerId, multiaddrs }, options) {
      try {
        return await connect(host, { peerId, addresses: multiaddrs.map((text) => multiaddr(text)) }, options)
      } catch (cause) {
        if (options.signal?.aborted) throw aborted(options.signal)
        const message = 'The node cannot be reached directly; try the blind path.'
        throw new MarketplaceError({ code: 'no-node', message, details: peerId, cause })
      }
    },
    demote(relay) {
      const at = relays.indexOf(relay)
      if (at >= 0) relays.push(...relays.splice(at, 1))
    },
    prefer(relay) {
      const at = relays.indexOf(relay)
      if (at > 0) relays.unshift(...relays.splice(at, 1))
    },
    queryStreams: createStreamPool({ protocol: protocolIds.query, size: 2 }),
  }
}

async function connect(
  host: Host,
  { peerId, addresses }: Relay,
  { signal, webrtcOnly = false }: ConnectOptions,
): Promise<Connection> {
  const isWanted = (connection: Connection) => !webrtcOnly || isWebrtc(connection.remoteAddr)
  const existing = host.getConnections().filter((each) => each.remotePeer.toString() === peerId && isWanted(each))
  const usable = pickConnection(existing)
  if (usable !== undefined) return usable
  const wanted = webrtcOnly ? addresses.filter(isWebrtc) : addresses
  if (wanted.length === 0) throw new TypeError('no address that this client can dial')
  const timeout = AbortSignal.timeout(connectTimeoutMs)
  return host.dial([...wanted], {
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    force: webrtcOnly,
  })
}

/** What a connection says of itself. */
export function transportOf(connection: Connection): Transport {
  const remoteAddr = connection.remoteAddr.toString()
  const kinds = [
    ['/webrtc-direct', 'webrtc-direct'],
    ['/webrtc', 'webrtc'],
    ['/p2p-circuit', 'circuit'],
    ['/ws', 'websocket'],
    ['/tcp/', 'tcp'],
  ] as const
  const kind = kinds.find(([part]) => remoteAddr.includes(part))?.[1] ?? 'other'
  return { kind, remoteAddr, remotePeer: connection.remotePeer.toString(), isLimited: connection.limits !== undefined }
}

function isWebrtc(address: Multiaddr): boolean {
  return address.toString().includes('/webrtc')
}

function groupByPeer(addresses: readonly string[]): Relay[] {
  const byPeer = new Map<string, Multiaddr[]>()
  for (const text of addresses) {
    const peerId = /\/p2p\/([^/]+)$/.exec(text)?.[1]
    if (peerId === undefined) {
      throw new MarketplaceError({
        code: 'setting-invalid',
        message: 'A relay address must end with /p2p/<peerId>.',
        details: text,
      })
    }
    byPeer.set(peerId, [...(byPeer.get(peerId) ?? []), multiaddr(text)])
  }
  return [...byPeer].map(([peerId, all]) => ({ peerId, addresses: all }))
}
