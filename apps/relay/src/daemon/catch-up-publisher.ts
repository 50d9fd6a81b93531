/**
 * What a publisher does before its first publication after a start: a store that is lost, or that comes from a backup,
 * does not know the numbers that were signed since, and two heads with one number cost the curator's deposit. So the
 * dataset's persistence nodes are asked, and the newest snapshot is taken in.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { signSnapshotPass, type Signer, verifyHead } from '@enigma/crypto'
import { fetchLatestSnapshot } from '@enigma/network'
import {
  type Hex,
  limits,
  type Manifest,
  MarketplaceError,
  type SignedHead,
  type SnapshotHead,
  type SnapshotPass,
} from '@enigma/protocol'
import type { PublisherPlace } from '../roles/worker/curate-dataset.ts'
import type { DatasetSnapshots } from '../snapshot/dataset-snapshots.ts'
import type { RestoredFacts } from './backup-facts.ts'
import type { Peers } from './peers.ts'
import { type PullParts, pullSnapshot } from './pull-snapshot.ts'

/** For a node to answer; nodes and relays that start together find each other within it. */
const defaultAskWithinMs = 30_000
const askAgainMs = 1000
/** More than anyone can publish: each snapshot takes new processes and several writes to the disk. */
const mostSnapshotsPerSecond = 10

export type CatchUpParts = PullParts & {
  connect: Peers['connect']
  /** This node's own peer id: its store is the one that catches up. */
  peerId: string
  publisher: Signer
  /** Every account that the chain ever named as the dataset's publisher, in lower case. */
  publishersOf: (dataset: Hex) => readonly Hex[] | Promise<readonly Hex[]>
  /** Where this node's data came back from a backup: when that was taken and put in place, in Unix seconds. */
  restored?: RestoredFacts | undefined
  askWithinMs?: number | undefined
  onProgress?: ((text: string) => void) | undefined
}

export type CatchUpTarget = { dataset: Hex; manifest: Manifest }

type Answer = { peerId: string; signed: SignedHead | undefined }
type Asked = { answers: Answer[]; silent: { peerId: string; error: unknown }[] }

/**
 * Takes in the newest snapshot that the nodes have. Throws `no-node` when none of them can be asked, or when one with
 * nothing here to go by cannot; `snapshot-invalid` when the number that is here was signed for something else.
 */
export async function catchUpPublisher(
  parts: CatchUpParts,
  target: CatchUpTarget,
  signal: AbortSignal,
): Promise<PublisherPlace> {
  const { dataset, manifest } = target
  const snapshots = await parts.store.dataset(dataset)
  const nodes = manifest.nodes.filter(({ roles, peerId }) => roles.includes('persistence') && peerId !== parts.peerId)
  const pass = await signPass(parts, dataset)
  const asked = await askAll(
    nodes.map(({ peerId }) => peerId),
    (peerId, until) => askNode({ parts, dataset, peerId, pass, signal: until }),
    parts.askWithinMs ?? defaultAskWithinMs,
    signal,
  )
  if (nodes.length > 0 && asked.answers.length === 0) throw nobodyAnswered(asked)
  const before = snapshots.highestSeq()
  await takeNewest({ parts, target, snapshots, answers: asked.answers, pass, signal })
  return placeAfter({ parts, target, snapshots, asked, isBehind: snapshots.highestSeq() > before })
}

function signPass({ deployment, peerId, nowSeconds, publisher }: CatchUpParts, dataset: Hex): Promise<SnapshotPass> {
  const expiresAt = nowSeconds() + limits.snapshotPassSeconds
  return signSnapshotPass({ dataset, peerId, deployment, expiresAt, signer: publisher })
}

/** Asks every node at once, each again and again until it answers or the time is over. */
async function askAll(
  peerIds: readonly string[],
  ask: (peerId: string, signal: AbortSignal) => Promise<Answer>,
  withinMs: number,
  signal: AbortSignal,
): Promise<Asked> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  const asked: Asked = { answers: [], silent: [] }
  await Promise.all(
    peerIds.map(async (peerId) => {
      let error: unknown
      do {
        try {
          asked.answers.push(await ask(peerId, until))
          return
        } catch (failure) {
          // The deadline itself says nothing: the failure before it does.
          if (!until.aborted || error === undefined) error = failure
        }
        await delay(askAgainMs, undefined, { signal: until }).catch(() => undefined)
      } while (!until.aborted)
      asked.silent.push({ peerId, error })
    }),
  )
  signal.throwIfAborted()
  return asked
}

type AskNodeParameters = {
  parts: CatchUpParts
  dataset: Hex
  peerId: string
  pass: SnapshotPass
  signal: AbortSignal
}

/** The newest head that a node has, verified; undefined when it has none. */
async function askNode({ parts, dataset, peerId, pass, signal }: AskNodeParameters): Promise<Answer> {
  parts.onProgress?.(`node ${peerId}: asking for the newest snapshot`)
  const connection = await parts.connect({ dataset, peerId, signal })
  try {
    const { signed } = await fetchLatestSnapshot({ connection, dataset, pass, signal })
    await checkHead(parts, dataset, signed)
    return { peerId, signed }
  } catch (error) {
    if (error instanceof MarketplaceError && error.code === 'snapshot-unknown') return { peerId, signed: undefined }
    throw error
  }
}

/** A former publisher's head counts, too: its numbers go on, but not so far that none would be left. */
async function checkHead(parts: CatchUpParts, dataset: Hex, signed: SignedHead): Promise<void> {
  const { deployment, publisher, nowSeconds } = parts
  if (signed.head.seq > nowSeconds() * mostSnapshotsPerSecond) {
    const message = 'A node gave a snapshot head with a number that nobody can have reached; it is not believed.'
    throw new MarketplaceError({ code: 'snapshot-invalid', message, details: String(signed.head.seq) })
  }
  const isOwn = signed.publisher === publisher.address.toLowerCase()
  if (signed.head.dataset === dataset && (isOwn || (await parts.publishersOf(dataset)).includes(signed.publisher))) {
    await verifyHead({ signed, publisher: signed.publisher, deployment })
    return
  }
  const message = 'A node gave a snapshot head that no publisher of the dataset signed; it is not believed.'
  throw new MarketplaceError({ code: 'snapshot-invalid', message })
}

type TakeNewestParameters = {
  parts: CatchUpParts
  target: CatchUpTarget
  snapshots: DatasetSnapshots
  answers: readonly Answer[]
  pass: SnapshotPass
  signal: AbortSignal
}

/** Pulls the newest snapshot from one of those that have it, when it is newer than the one here. */
async function takeNewest({ parts, target, snapshots, answers, pass, signal }: TakeNewestParameters): Promise<void> {
  const held = answers.flatMap(({ peerId, signed }) => (signed === undefined ? [] : [{ peerId, signed }]))
  const newest = Math.max(0, ...held.map(({ signed }) => signed.head.seq))
  const holders = held.filter(({ signed }) => signed.head.seq === newest)
  const here = snapshots.latest()?.signed.head
  if (here?.seq === newest) checkSame(here, holders)
  if (newest <= (here?.seq ?? 0)) return
  let failure: unknown
  for (const { peerId, signed } of holders) {
    try {
      parts.onProgress?.(`node ${peerId}: fetching snapshot ${newest}`)
      const connection = await parts.connect({ dataset: target.dataset, peerId, signal })
      await pullSnapshot({ parts, dataset: target.dataset, publisher: signed.publisher, connection, pass, signal })
      return
    } catch (error) {
      signal.throwIfAborted()
      failure = error
    }
  }
  const message = `Snapshot ${newest} is not to be had from the persistence nodes; nothing is published until it is, because its rows would be lost.`
  const details = failure instanceof Error ? failure.message : String(failure)
  throw new MarketplaceError({ code: 'no-node', message, details, cause: failure })
}

function checkSame({ seq, root }: SnapshotHead, holders: readonly { signed: SignedHead }[]): void {
  const other = holders.find(({ signed }) => signed.head.root !== root)
  if (other === undefined) return
  const message = `The publisher has signed two snapshots with the number ${seq}. Move the snapshots that are here away, so that the nodes' one is taken in, and publish again.`
  throw new MarketplaceError({
    code: 'snapshot-invalid',
    message,
    details: `${root} here, ${other.signed.head.root} there`,
  })
}

type PlaceAfterParameters = {
  parts: CatchUpParts
  target: CatchUpTarget
  snapshots: DatasetSnapshots
  asked: Asked
  /** Whether a node had a newer snapshot than this store. */
  isBehind: boolean
}

/**
 * With a silent node the newest number is not certain, nor in a store that was behind, because nodes may keep back what
 * is newer still, nor in one that was itself asked by subscribers and then restored: so many numbers are left out that
 * none can be signed twice.
 */
function placeAfter({ parts, target: { manifest }, snapshots, asked, isBehind }: PlaceAfterParameters): PublisherPlace {
  const { peerId, nowSeconds, restored } = parts
  const { silent } = asked
  const createdAt = snapshots.latest()?.snapshot.createdAt
  if (createdAt === undefined && silent.length > 0) throw nothingToGoBy(silent)
  const next = snapshots.highestSeq() + 1
  const isAnswering = manifest.nodes.some((node) => node.peerId === peerId && node.roles.includes('persistence'))
  const isOutdated = isAnswering && restored !== undefined && restored.restoredAtSeconds > (createdAt ?? 0)
  const sinceSeconds = createdAt ?? restored?.takenAtSeconds
  if (sinceSeconds === undefined || (silent.length === 0 && !isOutdated && !isBehind)) return { lowestSeq: next }
  return { lowestSeq: next + (1 + Math.max(0, nowSeconds() - sinceSeconds)) * mostSnapshotsPerSecond }
}

function nobodyAnswered({ silent }: Asked): MarketplaceError {
  const message =
    'None of the persistence nodes can be asked for the newest snapshot; nothing is published until one can, because a number must never be signed twice.'
  const details = silent.map(({ peerId }) => peerId).join(' ')
  return new MarketplaceError({ code: 'no-node', message, details, cause: silent[0]?.error })
}

function nothingToGoBy(silent: Asked['silent']): MarketplaceError {
  const message =
    'There is no snapshot here, and not every persistence node can be asked for one; nothing is published until all can, because a number must never be signed twice.'
  const details = silent.map(({ peerId }) => peerId).join(' ')
  return new MarketplaceError({ code: 'no-node', message, details, cause: silent[0]?.error })
}
