/** The verbs of publishing, over a client. */
import type { SignedManifest } from '@enigma/protocol'
import type { Hex, ManifestNode } from '@enigma/protocol'
import type { ClientInside } from '../create-marketplace-client.ts'
import { acceptDataset, type AcceptDatasetParameters } from './accept-dataset.ts'
import { announceManifest } from './announce-manifest.ts'
import { type AcceptingNodes, findAcceptingNodes } from './find-accepting-nodes.ts'
import { type PublishedHere, readPublished, type ReadPublishedParameters } from './read-published.ts'
import { serveSnapshot, type ServeSnapshotParameters } from './serve-snapshot.ts'

export type Publishing = {
  /** Who takes datasets of this curator, and on which terms. */
  nodes: (parameters: { curator: Hex; signal: AbortSignal }) => Promise<AcceptingNodes>
  /** A node's signed word that it serves the dataset; costs nothing, and binds the node only. */
  accept: (parameters: AcceptDatasetParameters) => Promise<ManifestNode>
  /** Brings the manifest to the relays; resolves with how many took it. */
  announce: (parameters: { signed: SignedManifest; signal: AbortSignal }) => Promise<number>
  /** Gives a snapshot to a node, and waits until the node serves it. */
  serve: (parameters: ServeSnapshotParameters) => Promise<void>
  /** What is published already, for the next snapshot to go on from. */
  published: (parameters: ReadPublishedParameters) => Promise<PublishedHere>
}

/**
 * Creates the verbs.
 *
 * @example
 * const publishing = client.extend(createPublishing)
 * const { nodes } = await publishing.nodes({ curator, signal })
 */
export function createPublishing(inside: ClientInside): Publishing {
  return {
    nodes: (parameters) => findAcceptingNodes(inside, parameters),
    accept: (parameters) => acceptDataset(inside, parameters),
    announce: (parameters) => announceManifest(inside, parameters),
    serve: (parameters) => serveSnapshot(inside, parameters),
    published: (parameters) => readPublished(inside, parameters),
  }
}
