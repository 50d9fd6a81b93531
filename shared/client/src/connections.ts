/** Connections: the relays of the network file, those that worked first, and nodes on the direct path. */
import { MarketplaceError, protocolIds } from '@enigma/protocol'
import { aborted, createStreamPool, type StreamPool } from '@enigma/network'
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isWebrtc, kindOfAddress, rankOfKind } from './addresses.ts'
import { addressesToDial, type DialChoice, dialPeer, isPreferred } from './dial-peer.ts'
import { orAborted } from './or-aborted.ts'
import { recordAddresses } from './record-addresses.ts'
import type { Relay, RelayList } from './relay-list.ts'
import type { Host, Transport, TransportPreference } from './types.ts'

export type ConnectOptions = {
  signal?: AbortSignal | undefined
  /** Default `any`. */
  preference?: TransportPreference | undefined
  webrtcOnly?: boolean | undefined
}

export type Connections = Pick<RelayList, 'prefer' | 'demote'> & {
  /** The relays, the ones to try first in front. */
  relays: () => readonly Relay[]
  /** A connection to a relay; throws `no-relay`. */
  toRelay: (relay: Relay, options: ConnectOptions) => Promise<Connection>
  /** A connection to a node at its own addresses; throws `no-node`. */
  toNode: (node: { peerId: string; multiaddrs: readonly string[] }, options: ConnectOptions) => Promise<Connection>
  /** Looks in the background for a better transport to a peer that has answered; the next query uses it. */
  improve: (connection: Connection, multiaddrs?: readonly string[]) => void
  readonly queryStreams: StreamPool
}

export type CreateConnectionsParameters = {
  host: Host
  relays: RelayList
  canDial?: ((address: Multiaddr) => boolean) | undefined
  /** A monotonic clock. */
  nowMs: () => number
  /** Told of each connection that was opened here, and again when it has closed. */
  onChange?: () => void
}

/** A transport that a peer was not reached by is not tried again for this long while another one works. */
const retryPreferenceMs = 60_000

type Peer = { peerId: string; addresses: readonly Multiaddr[] }

/** Creates the connections over a host; nothing is dialled yet. */
export function createConnections(parameters: CreateConnectionsParameters): Connections {
  const { relays } = parameters
  const queryStreams = createStreamPool({ protocol: protocolIds.query, size: 2 })
  const dials = createDials({ ...parameters, queryStreams })
  const improved = new WeakSet<Connection>()
  return {
    relays: relays.all,
    prefer: relays.prefer,
    demote: relays.demote,
    async toRelay(relay, options) {
      try {
        const { connection, isNew } = await dials.connect(relay, options, () => {
          relays.note(relay, { state: 'connecting' })
        })
        if (isNew) relays.note(relay, { state: 'connected' })
        return connection
      } catch (cause) {
        if (options.signal?.aborted) throw aborted(options.signal)
        relays.note(relay, { state: 'failed', error: cause })
        const message = 'The relay cannot be reached; another one is tried.'
        throw new MarketplaceError({ code: 'no-relay', message, details: relay.peerId, cause })
      }
    },
    async toNode({ peerId, multiaddrs }, options) {
      try {
        const addresses = recordAddresses({ multiaddrs })
        return (await dials.connect({ peerId, addresses }, options)).connection
      } catch (cause) {
        if (options.signal?.aborted) throw aborted(options.signal)
        const message = 'The node cannot be reached directly; try the blind path.'
        throw new MarketplaceError({ code: 'no-node', message, details: peerId, cause })
      }
    },
    improve(connection, multiaddrs) {
      if (improved.has(connection)) return
      improved.add(connection)
      const peerId = connection.remotePeer.toString()
      const relay = relays.all().find((each) => each.peerId === peerId)
      dials.improve(connection, (multiaddrs && recordAddresses({ multiaddrs })) ?? relay?.addresses ?? [])
    },
    queryStreams,
  }
}

type Pending = { promise: Promise<Connection>; callers: number; nobody: AbortController }

/** Open connections are used again; callers who want the same one at the same time share its dial. */
type CreateDialsParameters = CreateConnectionsParameters & { queryStreams: StreamPool }

function createDials(parameters: CreateDialsParameters) {
  const { host, canDial = () => true, nowMs, onChange = () => undefined, queryStreams } = parameters
  const pending = new Map<string, Pending>()
  /** Peer and preference by when they failed while another transport worked. */
  const refusedAtMs = new Map<string, number>()
  const wasRefused = (key: string) => nowMs() - (refusedAtMs.get(key) ?? -Infinity) < retryPreferenceMs

  const open = async (groups: Multiaddr[][], signal: AbortSignal): Promise<Connection> => {
    const connection = await dialPeer(host, groups, signal)
    connection.addEventListener('close', onChange, { once: true })
    if (connection.limits === undefined) leaveLimited(connection)
    onChange()
    return connection
  }
  /** What a circuit carried goes over the direct connection from now on; the host closes it once it is unused. */
  const leaveLimited = ({ remotePeer }: Connection) => {
    const others = openTo(host, remotePeer.toString()).filter(({ limits }) => limits !== undefined)
    for (const other of others) queryStreams.leave(other)
  }
  const share = (key: string, begin: (signal: AbortSignal) => Promise<Connection>): Pending => {
    const known = pending.get(key)
    if (known !== undefined) return known
    const nobody = new AbortController()
    const promise = begin(nobody.signal).finally(() => pending.delete(key))
    // Whoever has left must not leave an unhandled rejection behind.
    promise.catch(() => undefined)
    const fresh = { promise, callers: 0, nobody }
    pending.set(key, fresh)
    return fresh
  }
  return {
    async connect(peer: Peer, { signal, preference = 'any', webrtcOnly = false }: ConnectOptions, onDial?: () => void) {
      const choice = { preference, webrtcOnly }
      const groups = addressesToDial(peer.addresses, choice, canDial)
      const key = `${peer.peerId} ${preference} ${webrtcOnly}`
      const usable = bestOf(openTo(host, peer.peerId), choice)
      if (usable !== undefined && (wasRefused(key) || !isLessThanCan(usable, groups, preference))) {
        return { connection: usable, isNew: false }
      }
      signal?.throwIfAborted()
      onDial?.()
      const wanted = usable === undefined ? groups : groups.slice(0, 1)
      const dial = share(key, (shared) => open(wanted, shared))
      dial.callers++
      const leave = () => {
        if (--dial.callers === 0) dial.nobody.abort(signal?.reason)
      }
      try {
        return { connection: await orAborted(dial.promise, signal, leave), isNew: true }
      } catch (error) {
        if (usable?.status !== 'open' || signal?.aborted === true) throw error
        refusedAtMs.set(key, nowMs())
        return { connection: usable, isNew: false }
      }
    },
    /** Dials only what is better than the connection that there is. */
    improve({ remoteAddr }: Connection, addresses: readonly Multiaddr[]): void {
      const rank = rankOfKind(kindOfAddress(remoteAddr), 'any')
      const better = addresses.filter((address) => rankOfKind(kindOfAddress(address), 'any') < rank)
      const groups = addressesToDial(better, { preference: 'any', webrtcOnly: false }, canDial)
      // No better transport is no failure: the present one goes on.
      if (groups.length > 0) open(groups, new AbortController().signal).catch(() => undefined)
    },
  }
}

/** Whether the caller prefers another kind than the connection's and the peer has an address of it. */
function isLessThanCan({ remoteAddr }: Connection, groups: Multiaddr[][], preference: TransportPreference): boolean {
  const [first] = groups[0] ?? []
  const isSuch = (address: Multiaddr) => isPreferred(kindOfAddress(address), preference)
  return first !== undefined && isSuch(first) && !isSuch(remoteAddr)
}

function openTo(host: Host, peerId: string): Connection[] {
  return host.getConnections().filter(({ remotePeer, status }) => status === 'open' && remotePeer.toString() === peerId)
}

/** The best of several connections to one peer by the caller's preference, one without limits first. */
function bestOf(connections: readonly Connection[], { preference, webrtcOnly }: DialChoice): Connection | undefined {
  const cost = ({ limits, remoteAddr }: Connection) =>
    (limits === undefined ? 0 : 10) + rankOfKind(kindOfAddress(remoteAddr), preference)
  return connections
    .filter(({ remoteAddr }) => !webrtcOnly || isWebrtc(kindOfAddress(remoteAddr)))
    .toSorted((a, b) => cost(a) - cost(b))[0]
}

/** What a connection says of itself. */
export function transportOf({ remoteAddr, remotePeer, limits }: Connection): Transport {
  return {
    kind: kindOfAddress(remoteAddr),
    remoteAddr: remoteAddr.toString(),
    remotePeer: remotePeer.toString(),
    isLimited: limits !== undefined,
  }
}
