/** Who shares a limit of what is passed on by gossip. */
import { createRateLimiter, pickConnection, remoteGroup } from '@enigma/network'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { StartGossipParameters } from './start-gossip.ts'

export type GossipSendersParameters = {
  node: Pick<Libp2p, 'getConnections'>
  perSecond: number
  burst: number
  /** A monotonic clock. */
  nowMs: () => number
}

/** Peers behind one address share the limits of one topic. */
export function gossipSenders({
  node,
  ...rate
}: GossipSendersParameters): Pick<StartGossipParameters<never>, 'rate' | 'senderOf'> {
  return {
    rate: createRateLimiter(rate),
    senderOf: (peer: PeerId) => {
      const connection = pickConnection(node.getConnections(peer))
      return connection === undefined ? peer.toString() : remoteGroup(connection.remoteAddr.toString())
    },
  }
}
