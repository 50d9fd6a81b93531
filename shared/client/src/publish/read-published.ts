/** The newest snapshot that a dataset's nodes have, read by its publisher to go on from it. */
import { sha256Hex, type Signer, signSnapshotPass, snapshotRoot, tableRoot, verifyHead } from '@enigma/crypto'
import { aborted, fetchLatestSnapshot, fetchSegment } from '@enigma/network'
import {
  concatBytes,
  decodeSnapshot,
  type Hex,
  limits,
  MarketplaceError,
  type NodeRecord,
  type Segment,
  type SignedHead,
  type Snapshot,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import type { ClientInside } from '../create-marketplace-client.ts'
import type { LocatedDataset } from '../datasets.ts'
import { deploymentOf } from '../sessions.ts'

export type ReadPublishedParameters = {
  path: string
  /** The publisher that the chain names. */
  publisher: Signer
  signal: AbortSignal
}

export type PublishedHere = {
  located: LocatedDataset
  /** Undefined where nothing is published yet. */
  latest: { signed: SignedHead; snapshot: Snapshot } | undefined
  /** The bytes of a segment of it, checked; throws `snapshot-invalid`. */
  segment: (segment: Segment, signal: AbortSignal) => Promise<Blob>
}

type Held = { node: NodeRecord; connection: Connection; signed?: SignedHead; description?: Uint8Array }

/** Asks every node; throws `not-curator` for another publisher's dataset, `no-node` when a node cannot be asked. */
export async function readPublished(
  inside: ClientInside,
  { path, publisher, signal }: ReadPublishedParameters,
): Promise<PublishedHere> {
  const { parts, datasets } = inside
  const located = await datasets.locate(path, { signal, isFresh: true })
  const { config, id: dataset } = located
  if (config.publisher !== publisher.address.toLowerCase()) throw otherPublisher(config.publisher)
  const deployment = deploymentOf(parts.network)
  const expiresAt = parts.nowSeconds() + limits.snapshotPassSeconds
  const pass = await signSnapshotPass({
    ...{ dataset, peerId: parts.host.peerId.toString(), deployment, expiresAt, signer: publisher },
  })
  const ask = { dataset, pass }
  const held = await Promise.all(located.nodes.map((node) => askNode(inside, { node, ask, signal })))
  for (const { signed } of held) {
    if (signed !== undefined) await verifyHead({ signed, publisher: config.publisher, deployment })
  }
  const newest = held.toSorted((a, b) => (b.signed?.head.seq ?? 0) - (a.signed?.head.seq ?? 0))[0]
  return {
    located,
    latest:
      newest?.signed === undefined || newest.description === undefined
        ? undefined
        : { signed: newest.signed, snapshot: await checkDescription(newest.signed, newest.description) },
    segment: (segment, until) => readSegment({ ...ask, segment, connection: newest?.connection, signal: until }),
  }
}

type Ask = { dataset: Hex; pass: Awaited<ReturnType<typeof signSnapshotPass>> }

async function askNode(
  { connections }: ClientInside,
  { node, ask, signal }: { node: NodeRecord; ask: Ask; signal: AbortSignal },
): Promise<Held> {
  const connection = await connections.toNode(node, { signal })
  try {
    return { node, connection, ...(await fetchLatestSnapshot({ connection, ...ask, signal })) }
  } catch (error) {
    if (signal.aborted) throw aborted(signal)
    if (error instanceof MarketplaceError && error.code === 'snapshot-unknown') return { node, connection }
    throw error
  }
}

/** Its roots are over what it lists, and it is what the head signs. */
async function checkDescription({ head }: SignedHead, description: Uint8Array): Promise<Snapshot> {
  const snapshot = decodeSnapshot(description)
  const isOfHead = Object.entries(head).every(([name, value]) => snapshot[name as keyof typeof head] === value)
  const roots = await Promise.all(snapshot.tables.map(async ({ segments }) => tableRoot(segments)))
  const isWhole = snapshot.tables.every(({ root }, at) => root === roots[at])
  if (isOfHead && isWhole && (await snapshotRoot(snapshot.tables)) === head.root) return snapshot
  const message = 'The node gave a description that its publisher did not sign; try again, or by another node.'
  throw new MarketplaceError({ code: 'snapshot-invalid', message })
}

type ReadSegment = Ask & { segment: Segment; connection: Connection | undefined; signal: AbortSignal }

async function readSegment({ segment, connection, ...ask }: ReadSegment): Promise<Blob> {
  if (connection === undefined) throw new TypeError('no node holds a snapshot')
  const chunks: Uint8Array[] = []
  for await (const chunk of fetchSegment({ connection, ...ask, ...segment, offset: 0 })) chunks.push(chunk)
  const bytes = concatBytes(...chunks)
  if ((await sha256Hex(bytes)) === segment.hash) return new Blob([bytes])
  const message = 'The node gave other rows than were published; try again, or by another node.'
  throw new MarketplaceError({ code: 'snapshot-invalid', message, details: segment.hash })
}

function otherPublisher(publisher: Hex): MarketplaceError {
  const message =
    'The chain names another publisher for this dataset; publish where its key is, or name a new one by an update.'
  return new MarketplaceError({ code: 'not-curator', message, details: publisher })
}
