/** `/enigma/snapshot/1.0.0`, serving side. Only peers that the dataset's manifest lists may pull anything. */
import {
  encodeCbor,
  type Hex,
  limits,
  MarketplaceError,
  protocolIds,
  recordCodes,
  type SignedHead,
  type SnapshotPass,
  transportCodes,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { createRateLimiter } from '../admission.ts'
import { framesOf, serveRequests } from '../framing/serve-requests.ts'
import type { ProtocolHost, ProtocolServer, RemotePeer } from '../framing/serve-protocol.ts'
import { snapshotRequestSchema } from './snapshot-messages.ts'

/** Where a node's snapshots are read from. */
export type SnapshotProvider = {
  latest: (dataset: Hex) => Promise<{ signed: SignedHead; description: Uint8Array } | undefined>
  /** Throws `snapshot-unknown` for a segment that is of no kept snapshot. */
  readSegment: (parameters: { dataset: Hex; hash: Hex; offset: number }) => AsyncIterable<Uint8Array>
}

/** Who asks for a dataset's snapshots; the pass is not verified yet. */
export type SnapshotFetcher = { dataset: Hex; peerId: string; pass?: SnapshotPass | undefined }

export type SnapshotOffer = {
  signed: SignedHead
  remote: RemotePeer
  /** The connection that the offer came by, over which the rest may be pulled. */
  connection: Connection
  /** Aborted when the offering node cancels or is gone. */
  signal: AbortSignal
}

export type HandleSnapshotsParameters = {
  host: ProtocolHost
  /** Absent on a node that holds none. */
  provider?: SnapshotProvider | undefined
  /** Whether the dataset's manifest lists this peer as a persistence node, or its pass stands; asked before each answer. */
  mayFetch: (fetcher: SnapshotFetcher) => boolean | Promise<boolean>
  /** Takes note of an offer, verifying it first; throws `snapshot-invalid` or `snapshot-stranger`. Pulls on its own. */
  onOffer?: ((offer: SnapshotOffer) => void | Promise<void>) | undefined
  onError: (error: unknown) => void
}

/** Serves the snapshot protocol. */
export function handleSnapshots(parameters: HandleSnapshotsParameters): Promise<ProtocolServer> {
  return serveRequests({
    host: parameters.host,
    protocol: protocolIds.snapshot,
    schema: snapshotRequestSchema,
    maxRequestBytes: 4096,
    codes: [...transportCodes, ...recordCodes, 'snapshot-unknown', 'dataset-unknown', 'chain-unavailable'],
    rate: createRateLimiter({ perSecond: 200, burst: 2000, nowMs: () => performance.now() }),
    onError: parameters.onError,
    answer: (request, { remote, connection, signal }) => {
      if (request.kind === 'offer') return take(parameters, { signed: request.signed, remote, connection, signal })
      return request.kind === 'latest'
        ? giveLatest(parameters, request, remote)
        : giveSegment(parameters, request, remote)
    },
  })
}

async function* take(
  { onOffer }: HandleSnapshotsParameters,
  offer: SnapshotOffer,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (onOffer === undefined) throw unknownSnapshot('This node takes no snapshots.')
  await onOffer(offer)
  yield* []
}

type FetchRequest = Omit<SnapshotFetcher, 'peerId'>

async function* giveLatest(
  parameters: HandleSnapshotsParameters,
  request: FetchRequest,
  remote: RemotePeer,
): AsyncGenerator<Uint8Array, void, undefined> {
  await admit(parameters, request, remote)
  const latest = await parameters.provider?.latest(request.dataset)
  if (latest === undefined) throw unknownSnapshot('This node has no snapshot of the dataset.')
  const { signed, description } = latest
  yield encodeCbor({ signed, descriptionBytes: description.length })
  yield* framesOf(chunksOf(description))
}

async function* giveSegment(
  parameters: HandleSnapshotsParameters,
  request: FetchRequest & { hash: Hex; offset: number },
  remote: RemotePeer,
): AsyncGenerator<Uint8Array, void, undefined> {
  await admit(parameters, request, remote)
  if (parameters.provider === undefined) throw unknownSnapshot('This node has no snapshots.')
  const { dataset, hash, offset } = request
  for await (const bytes of parameters.provider.readSegment({ dataset, hash, offset })) yield* framesOf(chunksOf(bytes))
}

async function admit(
  { mayFetch }: HandleSnapshotsParameters,
  { dataset, pass }: FetchRequest,
  { peerId }: RemotePeer,
): Promise<void> {
  if (await mayFetch({ dataset, peerId, pass })) return
  const message = "Only the dataset's publisher and the persistence nodes of its manifest may fetch its snapshots."
  throw new MarketplaceError({ code: 'snapshot-stranger', message })
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += limits.largeChunkBytes) {
    yield bytes.subarray(at, at + limits.largeChunkBytes)
  }
}

function unknownSnapshot(message: string): MarketplaceError {
  return new MarketplaceError({ code: 'snapshot-unknown', message })
}
