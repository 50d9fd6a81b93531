/** Finding other nodes by the relays that this one is connected to. Nothing that a relay says is taken on trust. */
import { verifyNodeRecord } from '@enigma/crypto'
import { locateDataset, type Location } from '@enigma/network'
import { type Deployment, type Hex, MarketplaceError } from '@enigma/protocol'
import type { Connection, Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'

const dialTimeoutMs = 15_000

export type PeersParts = {
  node: Pick<Libp2p, 'dial'>
  deployment: Deployment
  relays: () => readonly Connection[]
  /** What this node knows itself, on a relay. */
  locateHere?: ((dataset: Hex) => Location | undefined) | undefined
  nowSeconds: () => number
}

export type Peers = {
  /** Manifest and node records as some relay has them; throws `dataset-unknown` or `no-relay`. */
  locate: (dataset: Hex, signal: AbortSignal) => Promise<Location>
  /** A connection to a node of a dataset, at the addresses of its own record; throws `no-node`. */
  connect: (parameters: { dataset: Hex; peerId: string; signal: AbortSignal }) => Promise<Connection>
}

/** Creates the finder. */
export function createPeers({ node, deployment, relays, locateHere, nowSeconds }: PeersParts): Peers {
  const locate = async (dataset: Hex, signal: AbortSignal): Promise<Location> => {
    const here = locateHere?.(dataset)
    if (here !== undefined) return here
    let failure: unknown = new MarketplaceError({
      code: 'no-relay',
      message: 'No relay is connected; it is tried again.',
    })
    for (const connection of relays()) {
      try {
        return await locateDataset({ connection, dataset, signal })
      } catch (error) {
        signal.throwIfAborted()
        failure = error
      }
    }
    throw failure
  }
  return {
    locate,
    async connect({ dataset, peerId, signal }) {
      for (const signed of (await locate(dataset, signal)).records) {
        const record = await verifyNodeRecord({ signed, deployment, nowSeconds: nowSeconds() })
        if (record.peerId !== peerId || record.multiaddrs.length === 0) continue
        const addresses = record.multiaddrs.map((text) => multiaddr(text))
        return node.dial(addresses, { signal: AbortSignal.any([signal, AbortSignal.timeout(dialTimeoutMs)]) })
      }
      throw new MarketplaceError({
        code: 'no-node',
        message: 'No relay has a record of the node; it may be offline, and is tried again.',
        details: peerId,
      })
    },
  }
}
