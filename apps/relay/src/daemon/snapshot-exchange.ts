/** Snapshots between nodes: offers taken in from publishers, offers made to persistence nodes, segments given out. */
import { setTimeout as delay } from 'node:timers/promises'
import { verifyHead } from '@enigma/crypto'
import {
  type ConcurrencyLimiter,
  createConcurrencyLimiter,
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
/** Snapshots that are taken in at once, of all datasets. */
const maxPulls = 8
/** One that is taken in and one that waits for it: a publisher's next head comes while the last one is on its way. */
const pullsPerDataset = 2
/** For one snapshot; what has arrived stays, and the next offer goes on from there. */
const pullTimeoutMs = 3_600_000

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
  /** For one snapshot to be taken in, in milliseconds; an hour when absent. */
  pullTimeoutMs?: number | undefined
  onError: (error: unknown) => void
}

/** Serves the snapshot protocol: gives to the manifest's persistence nodes, takes in where this node is one. */
export function serveSnapshots(parts: SnapshotExchangeParts): Promise<ProtocolServer> {
  const pulls = createConcurrencyLimiter({ perKey: pullsPerDataset, total: maxPulls })
  return handleSnapshots({
    host: parts.host,
    provider: createSnapshotSource({ store: parts.store }),
    mayFetch: ({ dataset, peerId }) => mayFetch(parts.own(dataset), peerId),
    onOffer: (offer) => takeOffer(parts, pulls, offer),
    onError: parts.onError,
  })
}

/** A persistence node of the manifest, or the worker that publishes: it made these snapshots and may have lost them. */
function mayFetch(own: OwnDataset | undefined, peerId: string): boolean {
  const isPersistence = own?.manifest.nodes.some((each) => each.peerId === peerId && each.roles.includes('persistence'))
  return isPersistence === true || isPublisher(own, peerId)
}

/** Whether the manifest lists the peer as a worker with the publisher's key: nobody else makes snapshots. */
function isPublisher(own: OwnDataset | undefined, peerId: string): boolean {
  const node = own?.manifest.nodes.find((each) => each.peerId === peerId)
  return node !== undefined && node.roles.includes('worker') && node.signer === own?.publisher
}

/**
 * Nothing is pulled before the head is known as the publisher's and new. Who carries it does not matter: a publisher
 * works by `enigma dataset publish` from anywhere, too. Throws `dataset-unknown`, `snapshot-invalid`, and `busy` while
 * other offers are taken in.
 */
async function takeOffer(parts: SnapshotExchangeParts, pulls: ConcurrencyLimiter, offer: SnapshotOffer): Promise<void> {
  const { dataset } = offer.signed.head
  const own = parts.own(dataset)
  if (own?.roles.includes('persistence') !== true) {
    const message =
      'This node does not know itself as a persistence node of the dataset; try again once it has the manifest.'
    throw new MarketplaceError({ code: 'dataset-unknown', message })
  }
  if (await isNewHead(parts, own, offer)) await pullOffered(parts, own, pulls, offer)
  await parts.onAccepted(dataset)
}

/** Whether the head is still to be taken in, false for the one that is here; throws `snapshot-invalid`. */
async function isNewHead(parts: PullParts, own: OwnDataset, { signed }: SnapshotOffer): Promise<boolean> {
  const { deployment, store } = parts
  const head = await verifyHead({ signed, publisher: own.publisher.toLowerCase() as Hex, deployment })
  const here = (await store.dataset(own.dataset)).latest()?.signed.head
  if (here === undefined || head.seq > here.seq) return true
  if (head.seq === here.seq && head.root === here.root) return false
  const message = 'The offered head is not newer than the snapshot that this node has; offer the newest one.'
  const details = `${head.seq} ${head.root} offered, ${here.seq} ${here.root} here`
  throw new MarketplaceError({ code: 'snapshot-invalid', message, details })
}

/** A publisher that drops its offer for a newer one does not end the pull: segments of the old head serve the new one. */
async function pullOffered(
  parts: SnapshotExchangeParts,
  own: OwnDataset,
  pulls: ConcurrencyLimiter,
  { connection }: SnapshotOffer,
): Promise<void> {
  const leave = pulls.enter(own.dataset)
  if (leave === undefined) {
    throw new MarketplaceError({ code: 'busy', message: 'This node takes in other snapshots now; offer it again.' })
  }
  try {
    await pullSnapshot(parts, own, connection)
  } finally {
    leave()
  }
}

/** Takes the newest snapshot of a peer into the store, verified as any other; ends with `caller` and its own deadline. */
async function pullSnapshot(
  parts: PullParts,
  own: OwnDataset,
  connection: Connection,
  caller?: AbortSignal,
): Promise<void> {
  const { dataset, publisher, manifest } = own
  const deadline = AbortSignal.timeout(parts.pullTimeoutMs ?? pullTimeoutMs)
  const signal = caller === undefined ? deadline : AbortSignal.any([caller, deadline])
  const { signed, description } = await fetchLatestSnapshot({ connection, dataset, signal })
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
    signal,
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
        const connection = await parts.peers.connect({ dataset: own.dataset, peerId, signal })
        await pullSnapshot(parts, own, connection, signal)
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
