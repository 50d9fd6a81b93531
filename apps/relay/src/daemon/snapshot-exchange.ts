/** Snapshots between nodes: offers taken in from publishers, offers made to persistence nodes, segments given out. */
import { verifyHead, verifySnapshotPass } from '@enigma/crypto'
import {
  type ConcurrencyLimiter,
  createConcurrencyLimiter,
  handleSnapshots,
  offerSnapshot,
  type ProtocolHost,
  type ProtocolServer,
  type SnapshotFetcher,
  type SnapshotOffer,
} from '@enigma/network'
import { type Hex, MarketplaceError } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { createSnapshotSource } from '../snapshot/snapshot-source.ts'
import { createWorkInTurns } from '../snapshot/work-in-turns.ts'
import type { PushSnapshot } from '../roles/worker/push-heads.ts'
import type { OwnDataset } from './manifest-watcher.ts'
import { type PullParts, pullSnapshot } from './pull-snapshot.ts'

/** Snapshots that are taken in at once, of all datasets that the operator accepted by name. */
const maxPulls = 8
/**
 * Of guests, whose number their places bound, each is taken in when it comes: one that sends slowly keeps nobody waiting.
 * What costs this machine work is done for a few at once, and ended after a time.
 */
const guestWorkAtOnce = 2
const guestWorkTimeoutMs = 10 * 60_000
/** One that is taken in and one that waits for it: a publisher's next head comes while the last one is on its way. */
const pullsPerDataset = 2

type GuestLimits = Pick<PullParts, 'maxSnapshotBytes' | 'maxSnapshotRows' | 'keepSnapshots'>

export type SnapshotExchangeParts = PullParts & {
  host: ProtocolHost
  /** The dataset, when this node has a role in it. */
  own: (dataset: Hex) => OwnDataset | undefined
  /** Waits until this node serves the snapshot that it took in, which was here before unless it `isNew`. */
  onAccepted: (accepted: { dataset: Hex; isNew: boolean }) => Promise<void>
  /** Why this node does not serve a dataset that lists it. */
  refusalOf?: ((dataset: Hex) => string | undefined) | undefined
  /** Limits of datasets that the operator did not accept by name. */
  guestLimits?: GuestLimits | undefined
  onError: (error: unknown) => void
}

/** How snapshots are taken in, of one of the two kinds of datasets. */
type Intake = { parts: SnapshotExchangeParts; pulls: ConcurrencyLimiter }

/** Serves the snapshot protocol: gives to the manifest's persistence nodes, takes in where this node is one. */
export function serveSnapshots(parts: SnapshotExchangeParts): Promise<ProtocolServer> {
  const named: Intake = { parts, pulls: createConcurrencyLimiter({ perKey: pullsPerDataset, total: maxPulls }) }
  const work = createWorkInTurns({ work: parts.work, atOnce: guestWorkAtOnce, timeoutMs: guestWorkTimeoutMs })
  const guests: Intake = {
    parts: { ...parts, ...parts.guestLimits, work },
    pulls: createConcurrencyLimiter({ perKey: pullsPerDataset, total: Infinity }),
  }
  return handleSnapshots({
    host: parts.host,
    provider: createSnapshotSource({ store: parts.store }),
    mayFetch: (fetcher) => mayFetch(parts, fetcher),
    onOffer: (offer) => takeOffer(parts, ({ isGuest }) => (isGuest ? guests : named), offer),
    onError: parts.onError,
  })
}

/** A persistence node of the manifest, or the publisher by its pass: it made these snapshots and may have lost them. */
async function mayFetch(parts: SnapshotExchangeParts, { dataset, peerId, pass }: SnapshotFetcher): Promise<boolean> {
  const own = parts.own(dataset)
  if (own === undefined) return false
  if (own.manifest.nodes.some((each) => each.peerId === peerId && each.roles.includes('persistence'))) return true
  const { deployment, nowSeconds } = parts
  const terms = { dataset, peerId, deployment, publisher: own.publisher, nowSeconds: nowSeconds() }
  return pass !== undefined && (await verifySnapshotPass({ ...terms, pass }))
}

/**
 * Nothing is pulled before the head is known as the publisher's and new. Who carries it does not matter: a publisher
 * works by `enigma dataset publish` from anywhere, too. Throws `dataset-unknown`, `not-accepted`, `snapshot-invalid`, and
 * `busy` while other offers are taken in.
 */
async function takeOffer(
  parts: SnapshotExchangeParts,
  intakeOf: (own: OwnDataset) => Intake,
  offer: SnapshotOffer,
): Promise<void> {
  const { dataset } = offer.signed.head
  const own = parts.own(dataset)
  if (own?.roles.includes('persistence') !== true) {
    const refusal = parts.refusalOf?.(dataset)
    if (refusal !== undefined) throw new MarketplaceError({ code: 'not-accepted', message: refusal })
    const message =
      'This node does not know itself as a persistence node of the dataset; try again once it has the manifest.'
    throw new MarketplaceError({ code: 'dataset-unknown', message })
  }
  const isNew = await isNewHead(parts, own, offer)
  if (isNew) await pullOffered(intakeOf(own), own, offer)
  await parts.onAccepted({ dataset, isNew })
}

/** Whether the head is still to be taken in, false for the one that is here; throws `snapshot-invalid`. */
async function isNewHead(parts: SnapshotExchangeParts, own: OwnDataset, { signed }: SnapshotOffer): Promise<boolean> {
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
async function pullOffered({ parts, pulls }: Intake, own: OwnDataset, { connection }: SnapshotOffer): Promise<void> {
  const leave = pulls.enter(own.dataset)
  if (leave === undefined) {
    throw new MarketplaceError({ code: 'busy', message: 'This node takes in other snapshots now; offer it again.' })
  }
  try {
    const { dataset, publisher, manifest } = own
    await pullSnapshot({ parts, dataset, publisher, tables: manifest.tables, connection })
  } finally {
    leave()
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
