/** What an application may see of this client's network: relays, connections, round trips, bytes; and the choice of a relay. */
import { trafficOf } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { kindOfAddress } from './addresses.ts'
import { type Connections, transportOf } from './connections.ts'
import { pingConnection } from './ping-connection.ts'
import type { RelayList, RelayState } from './relay-list.ts'
import type { ClientParts, Transport, TransportKind } from './types.ts'

/** A relay of the network file; times in Unix milliseconds. */
export type RelayStatus = {
  peerId: string
  /** `canDial`: whether this program can, by what the page allows and the browser has. */
  addresses: readonly { address: string; kind: TransportKind; canDial: boolean }[]
  state: RelayState
  isPreferred: boolean
  /** In a row. */
  failures: number
  lastConnectedAt: number | undefined
  lastError: string | undefined
}

/** An open connection; `openedAt` in Unix milliseconds, bytes are those of the protocols' own streams. */
export type ConnectionStatus = {
  id: string
  peerId: string
  role: 'relay' | 'node'
  transport: Transport
  openedAt: number
  /** As it was measured last, by `ping`. */
  roundTripMs: number | undefined
  bytesSent: number
  bytesReceived: number
}

export type NetworkStatus = {
  /** This client's own, fresh for each page load. */
  peerId: string
  relays: readonly RelayStatus[]
  connections: readonly ConnectionStatus[]
}

export type ClientNetwork = {
  status: () => NetworkStatus
  /** Calls back after each change of relays and connections, not for bytes; returns how to stop. */
  subscribe: (listener: () => void) => () => void
  /** Tries this relay first from now on, remembered for the next time; undefined leaves the choice to the client. */
  preferRelay: (peerId: string | undefined) => void
  /**
   * Measures a round trip in milliseconds, to a relay of the network file, which is dialled where need be, or to another
   * peer that is connected; throws `no-relay`, `no-route`, `timeout` or `aborted`.
   */
  ping: (peerId: string, options?: { signal?: AbortSignal }) => Promise<number>
}

export type NetworkViewParameters = Pick<ClientParts, 'host' | 'canDial' | 'nowMs'> & {
  relays: RelayList
  toRelay: Connections['toRelay']
}

export type NetworkView = ClientNetwork & {
  /** Tells the subscribers, once for all changes of a turn. */
  changed: () => void
}

/** Creates the view; nothing is asked of the network until it is used. */
export function createNetworkView(parameters: NetworkViewParameters): NetworkView {
  const { host, canDial = () => true, nowMs, relays, toRelay } = parameters
  const listeners = new Set<() => void>()
  const roundTrips = new WeakMap<Connection, number>()
  let isTelling = false

  const changed = () => {
    if (isTelling || listeners.size === 0) return
    isTelling = true
    queueMicrotask(() => {
      isTelling = false
      for (const listener of listeners) listener()
    })
  }
  const connectionStatus = (connection: Connection): ConnectionStatus => {
    const { id, remotePeer, timeline } = connection
    const peerId = remotePeer.toString()
    const role = relays.all().some((relay) => relay.peerId === peerId) ? 'relay' : 'node'
    const { sent: bytesSent, received: bytesReceived } = trafficOf(connection)
    const roundTripMs = roundTrips.get(connection)
    const transport = transportOf(connection)
    return { id, peerId, role, transport, openedAt: timeline.open, roundTripMs, bytesSent, bytesReceived }
  }
  const openConnections = () => host.getConnections().filter(({ status }) => status === 'open')
  return {
    changed,
    status: () => ({
      peerId: host.peerId.toString(),
      relays: relays.facts().map(({ relay, ...facts }) => ({
        ...facts,
        peerId: relay.peerId,
        addresses: relay.addresses.map((address) => ({
          address: address.toString(),
          kind: kindOfAddress(address),
          canDial: canDial(address),
        })),
      })),
      connections: openConnections().map(connectionStatus),
    }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    preferRelay: relays.choose,
    async ping(peerId, { signal } = {}) {
      const relay = relays.all().find((each) => each.peerId === peerId)
      const isThis = ({ remotePeer }: Connection) => remotePeer.toString() === peerId
      const connection = relay === undefined ? openConnections().find(isThis) : await toRelay(relay, { signal })
      if (connection === undefined) {
        throw new MarketplaceError({ code: 'no-route', message: 'This client is not connected to that peer now.' })
      }
      const roundTripMs = await pingConnection({ connection, signal, nowMs })
      roundTrips.set(connection, roundTripMs)
      changed()
      return roundTripMs
    },
  }
}
