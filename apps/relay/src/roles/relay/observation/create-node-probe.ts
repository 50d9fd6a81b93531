/** Asks a node as any client would, over the ways that queries are passed on by. */
import { type NodeProbe, nothingSaid, probeNode } from '@enigma/client'
import { inflateInNode } from '@enigma/client/node/inflate'
import { nodePrimitives as primitives } from '@enigma/crypto/node'
import type { StreamPool } from '@enigma/network'
import type { Deployment } from '@enigma/protocol'
import { isPathFailure, type NextHops } from '../next-hops.ts'
import type { LookAtDatasetParameters } from './look-at-dataset.ts'

export type CreateNodeProbeParameters = {
  hops: NextHops
  /** A pool of `protocolIds.query`. */
  streams: StreamPool
  deployment: Deployment
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
}

const noWay: NodeProbe = { ...nothingSaid, isReachable: false, failure: 'no-route' }

/** Creates what asks; each way to the node has a few seconds and a few bytes. */
export function createNodeProbe(parameters: CreateNodeProbeParameters): LookAtDatasetParameters['probe'] {
  const { hops, streams, deployment: network, nowSeconds, nowMs } = parameters
  const parts = { network, primitives, inflate: inflateInNode, decoder: undefined, nowSeconds, nowMs }
  return async ({ id, metadataHash, publisher }, node, signal) => {
    const located = { id, manifest: { limits: { timeoutSeconds: 1 } }, config: { publisher, metadataHash } }
    let probe = noWay
    for (const hop of hops.to(node.peerId)) {
      const connect = (ended: AbortSignal) => hops.dial(hop, ended)
      probe = await probeNode({ parts, located, streams, node, connect, signal })
      if (probe.failure === undefined || !isPathFailure(probe.failure) || signal.aborted) return probe
    }
    return probe
  }
}
