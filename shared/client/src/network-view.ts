/** The network as this client sees it: the relays of the network file, how it is connected to them, and how fast they answer. */
import { fetchRecords } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import { type Connections, transportOf } from './connections.ts'
import type { ClientParts, Transport } from './types.ts'

const probeTimeoutMs = 8_000

/** A relay; `transport` is that of the open connection to it. */
export type RelayStatus = { peerId: string; addresses: readonly string[]; transport: Transport | undefined }

export type NetworkView = {
  /** Those that are tried first come first. */
  relays: () => RelayStatus[]
  /** Every open connection, relays and nodes. */
  connections: () => Transport[]
  /** Tries a relay first from now on. */
  prefer: (peerId: string) => void
  /** Connects to a relay where need be, and measures one small request over the open connection, in ms; throws `no-relay`. */
  probe: (peerId: string, options?: { signal?: AbortSignal }) => Promise<number>
}

/** Creates the view; nothing is dialled by looking. */
export function createNetworkView({ host, nowMs }: ClientParts, connections: Connections): NetworkView {
  const open = () => host.getConnections().filter(({ status }) => status === 'open')
  const relayOf = (peerId: string) => {
    const relay = connections.relays().find((each) => each.peerId === peerId)
    if (relay !== undefined) return relay
    throw new MarketplaceError({ code: 'no-relay', message: 'The network file names no such relay.', details: peerId })
  }
  return {
    relays: () =>
      connections.relays().map(({ peerId, addresses }) => {
        const connection = open().find((each) => each.remotePeer.toString() === peerId)
        const transport = connection === undefined ? undefined : transportOf(connection)
        return { peerId, addresses: addresses.map((address) => address.toString()), transport }
      }),
    connections: () => open().map(transportOf),
    prefer: (peerId) => connections.prefer(relayOf(peerId)),
    async probe(peerId, { signal } = {}) {
      const timeout = AbortSignal.timeout(probeTimeoutMs)
      const both = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
      const connection = await connections.toRelay(relayOf(peerId), { signal: both })
      const startedMs = nowMs()
      // Asked for nothing, it ends at once; a relay that sends something all the same is refused.
      await fetchRecords({ connection, peerIds: [], signal: both }).next()
      return nowMs() - startedMs
    },
  }
}
