/** A node's signed word that it serves a dataset, checked before anything rests on it. */
import { verifyNodeAcceptance } from '@enigma/crypto'
import { requestAcceptance } from '@enigma/network'
import { datasetIdOf, type Hex, type ManifestNode, MarketplaceError, type NodeRecord } from '@enigma/protocol'
import type { ClientInside } from '../create-marketplace-client.ts'
import { deploymentOf } from '../sessions.ts'

export type AcceptDatasetParameters = { record: NodeRecord; curator: Hex; name: string; signal: AbortSignal }

/** Asks the node; throws `not-accepted`, `busy`, `no-node`, and `unreadable` for a word that binds nobody. */
export async function acceptDataset(
  { parts, connections }: ClientInside,
  { record, curator, name, signal }: AcceptDatasetParameters,
): Promise<ManifestNode> {
  const connection = await connections.toNode(record, { signal })
  const node = await requestAcceptance({ connection, curator, name, signer: record.signer, signal })
  const dataset = datasetIdOf({ curator, name })
  const isBound = await verifyNodeAcceptance({ node, dataset, deployment: deploymentOf(parts.network) })
  if (isBound && node.roles.join() === 'persistence') return node
  const message = 'The node sent an acceptance that its key did not sign for this dataset; choose another node.'
  throw new MarketplaceError({ code: 'unreadable', message, details: node.peerId })
}
