/** The first hop of a path to a node: the node itself, or a relay that is none of the dataset's own nodes. */
import { MarketplaceError, type NodeRecord } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import type { ConnectOptions, Connections } from '../connections.ts'
import type { LocatedDataset } from '../datasets.ts'
import { raceRelays } from '../race-relays.ts'
import type { QueryPath } from '../types.ts'

export type ConnectPathParameters = {
  connections: Connections
  /** Default `blind`. */
  path?: QueryPath | undefined
  located: LocatedDataset
  node: NodeRecord
  choice: ConnectOptions
}

/** Connects to the first hop; throws `no-relay` or `no-node`. */
export async function connectPath(parameters: ConnectPathParameters): Promise<Connection> {
  const { connections, path = 'blind', located, node, choice } = parameters
  if (path === 'direct') return connections.toNode(node, choice)
  const own = new Set(located.manifest.nodes.map(({ peerId }) => peerId))
  const relays = connections.relays().filter(({ peerId }) => !own.has(peerId))
  if (relays.length === 0) {
    const message =
      'Every relay of the network file is one of the dataset\u2019s own nodes; the blind path needs another.'
    throw new MarketplaceError({ code: 'no-relay', message })
  }
  const { relay, result } = await raceRelays({
    relays,
    work: (each, raceSignal) => connections.toRelay(each, { ...choice, signal: raceSignal }),
    signal: choice.signal,
    onFailed: connections.demote,
  })
  connections.prefer(relay)
  return result
}
