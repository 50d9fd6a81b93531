/** Snapshots between nodes: offers taken in from publishers, offers made to persistence nodes, segments given out. */
import {
  fetchLatestSnapshot,
  fetchSegment,
  handleSnapshots,
  offerSnapshot,
  type ProtocolHost,
  type ProtocolServer,
  type SnapshotOffer,
} from '@enigma/network'
import { type Deployment, type Hex, MarketplaceError } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { acceptSnapshot } from '../snapshot/accept-snapshot.ts'
import type { RunSegmentWork } from '../snapshot/segment-worker.ts'
import { createSnapshotSource } from '../snapshot/snapshot-source.ts'
import type { SnapshotStore } from '../snapshot/snapshot-store.ts'
import type { PushSnapshot } from '../roles/worker/push-heads.ts'
import type { OwnDataset } from './manifest-watcher.ts'

export type SnapshotExchangeParts = {
  host: ProtocolHost
  store: SnapshotStore
  work: RunSegmentWork
  deployment: Deployment
  /** The dataset, when this node has a role in it. */
  own: (dataset: Hex) => OwnDataset | undefined
  /** Waits until this node serves the snapshot that it took in. */
  onAccepted: (dataset: Hex) => Promise<void>
  nowSeconds: () => number
  maxSnapshotBytes: number
  keepSnapshots: number
  onError: (error: unknown) => void
}

/** Serves the snapshot protocol: gives to the manifest's persistence nodes, takes in where this node is one. */
export function serveSnapshots(parts: SnapshotExchangeParts): Promise<ProtocolServer> {
  return handleSnapshots({
    host: parts.host,
    provider: createSnapshotSource({ store: parts.store }),
    mayFetch: ({ dataset, peerId }) => listsPersistence(parts.own(dataset), peerId),
    onOffer: (offer) => takeOffer(parts, offer),
    onError: parts.onError,
  })
}

function listsPersistence(own: OwnDataset | undefined, peerId: string): boolean {
  return own?.manifest.nodes.some((node) => node.peerId === peerId && node.roles.includes('persistence')) ?? false
}

async function takeOffer(parts: SnapshotExchangeParts, { signed: { head }, connection }: SnapshotOffer): Promise<void> {
  const { dataset } = head
  const own = parts.own(dataset)
  if (own?.roles.includes('persistence') !== true) {
    const message =
      'This node does not know itself as a persistence node of the dataset; try again once it has the manifest.'
    throw new MarketplaceError({ code: 'dataset-unknown', message })
  }
  const { signed, description } = await fetchLatestSnapshot({ connection, dataset })
  await acceptSnapshot({
    ...parts,
    dataset,
    publisher: own.publisher,
    tables: own.manifest.tables,
    signed,
    description,
    fetchSegment: (segment) => fetchSegment({ ...segment, connection }),
    nowSeconds: parts.nowSeconds(),
    maxBytes: parts.maxSnapshotBytes,
  })
  await parts.onAccepted(dataset)
}

/** Offers to a node by a connection that `connect` makes; resolves when the node serves the snapshot. */
export function createSnapshotPush({
  connect,
}: {
  connect: (parameters: { dataset: Hex; peerId: string; signal: AbortSignal }) => Promise<Connection>
}): PushSnapshot {
  return async ({ dataset, peerId, stored, signal }) => {
    const connection = await connect({ dataset, peerId, signal })
    await offerSnapshot({ connection, signed: stored.signed, signal })
  }
}
