/** Snapshots between nodes: offers taken in from publishers, offers made to persistence nodes, segments given out. */
import { setTimeout as delay } from 'node:timers/promises'
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
import type { Peers } from './peers.ts'

const restoreAttempts = 20
const restoreRetryMs = 1000

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
    mayFetch: ({ dataset, peerId }) => mayFetch(parts.own(dataset), peerId),
    onOffer: (offer) => takeOffer(parts, offer),
    onError: parts.onError,
  })
}

/** A persistence node of the manifest, or the worker that publishes: it made these snapshots and may have lost them. */
function mayFetch(own: OwnDataset | undefined, peerId: string): boolean {
  const node = own?.manifest.nodes.find((each) => each.peerId === peerId)
  if (own === undefined || node === undefined) return false
  return node.roles.includes('persistence') || (node.roles.includes('worker') && node.signer === own.publisher)
}

async function takeOffer(parts: SnapshotExchangeParts, { signed: { head }, connection }: SnapshotOffer): Promise<void> {
  const own = parts.own(head.dataset)
  if (own?.roles.includes('persistence') !== true) {
    const message =
      'This node does not know itself as a persistence node of the dataset; try again once it has the manifest.'
    throw new MarketplaceError({ code: 'dataset-unknown', message })
  }
  await pullSnapshot(parts, own, connection)
  await parts.onAccepted(head.dataset)
}

/** Takes the newest snapshot of a peer into the store, verified as any other. */
async function pullSnapshot(parts: PullParts, own: OwnDataset, connection: Connection): Promise<void> {
  const { dataset, publisher, manifest } = own
  const { signed, description } = await fetchLatestSnapshot({ connection, dataset })
  await acceptSnapshot({
    ...parts,
    dataset,
    publisher,
    tables: manifest.tables,
    signed,
    description,
    fetchSegment: (segment) => fetchSegment({ ...segment, connection }),
    nowSeconds: parts.nowSeconds(),
    maxBytes: parts.maxSnapshotBytes,
  })
}

type PullParts = Omit<SnapshotExchangeParts, 'host' | 'own' | 'onAccepted' | 'onError'>
type RestoreParts = PullParts & { peers: Pick<Peers, 'connect'>; peerId: string }

/**
 * Brings back the newest snapshot that any persistence node has, for a publisher without one: it must never sign a
 * number twice. Throws `no-node` when a node cannot be asked, because that node may have one.
 */
export async function restoreSnapshot(parts: RestoreParts, own: OwnDataset, signal: AbortSignal): Promise<void> {
  const nodes = own.manifest.nodes.filter(
    ({ roles, peerId }) => roles.includes('persistence') && peerId !== parts.peerId,
  )
  for (const { peerId } of nodes) {
    for (let attempt = 1; ; attempt++) {
      try {
        await pullSnapshot(parts, own, await parts.peers.connect({ dataset: own.dataset, peerId, signal }))
        break
      } catch (cause) {
        signal.throwIfAborted()
        if (cause instanceof MarketplaceError && cause.code === 'snapshot-unknown') break
        if (attempt >= restoreAttempts) {
          const message = 'A persistence node cannot be asked for the last snapshot; nothing is published until it can.'
          throw new MarketplaceError({ code: 'no-node', message, details: peerId, cause })
        }
        await delay(restoreRetryMs, undefined, { signal })
      }
    }
  }
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
