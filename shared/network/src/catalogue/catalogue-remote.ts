/** `/enigma/catalogue/1.0.0`, asking side. What comes back has the right form and is not verified. */
import type { CatalogueContents, CataloguePage } from '@enigma/catalogue'
import {
  decodeCbor,
  encodeCbor,
  type Hex,
  protocolIds,
  type SignedManifest,
  type SignedNodeRecord,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { callProtocol } from '../framing/call-protocol.ts'
import { unreadable } from '../framing/frame-errors.ts'
import { networkLimits } from '../network-limits.ts'
import { decodeSignedManifest, decodeSignedRecord } from '../signed-items.ts'
import {
  type Announcement,
  announceReplySchema,
  contentsSchema,
  decodePage,
  type PageRequest,
  pageRequestToWire,
  type WireCatalogueRequest,
} from './catalogue-messages.ts'

type CatalogueCall = { connection: Connection; signal?: AbortSignal | undefined }

/** Frames of contents that are read from one peer: a million datasets. */
const maxContentsFrames = 1000

/** Announces a manifest or node record; resolves whether it was new there, throws the code of why it was refused. */
export async function announce({ item, ...call }: CatalogueCall & { item: Announcement }): Promise<{ isNew: boolean }> {
  const frame = await only(ask(call, { kind: 'announce', item }, 256))
  return decodeCbor({ bytes: frame, schema: announceReplySchema, maxBytes: 256, code: 'unreadable', what: 'reply' })
}

/** One page of a relay's catalogue, with the chain values that let its order and hashes be checked. */
export async function fetchPage({ page, ...call }: CatalogueCall & { page: PageRequest }): Promise<CataloguePage> {
  return decodePage(await only(ask(call, pageRequestToWire(page), networkLimits.frameBytes)))
}

/** What a relay holds, for anti-entropy. */
export async function* fetchContents(call: CatalogueCall): AsyncGenerator<CatalogueContents, void, undefined> {
  let frames = 0
  for await (const bytes of ask(call, { kind: 'contents' }, networkLimits.frameBytes)) {
    if (++frames > maxContentsFrames) throw unreadable('The relay lists more datasets than there can be.')
    const maxBytes = networkLimits.frameBytes
    yield decodeCbor({ bytes, schema: contentsSchema, maxBytes, code: 'unreadable', what: 'contents' })
  }
}

/** Manifests by hash, those that the relay has; at most `networkLimits.itemsPerRequest` hashes. */
export async function* fetchManifests({
  hashes,
  ...call
}: CatalogueCall & { hashes: readonly Hex[] }): AsyncGenerator<SignedManifest, void, undefined> {
  const frames = ask(call, { kind: 'manifests', hashes: [...hashes] }, networkLimits.frameBytes)
  for await (const frame of atMost(frames, hashes.length)) yield decodeSignedManifest(frame)
}

/** Node records by peerId, those that the relay has; at most `networkLimits.itemsPerRequest` peers. */
export async function* fetchRecords({
  peerIds,
  ...call
}: CatalogueCall & { peerIds: readonly string[] }): AsyncGenerator<SignedNodeRecord, void, undefined> {
  const frames = ask(call, { kind: 'records', peerIds: [...peerIds] }, networkLimits.frameBytes)
  for await (const frame of atMost(frames, peerIds.length)) yield decodeSignedRecord(frame)
}

/** Records of persistence nodes that say that they accept datasets of anyone; at most `limit`. */
export async function* fetchAcceptingNodes({
  limit = networkLimits.itemsPerRequest,
  ...call
}: CatalogueCall & { limit?: number }): AsyncGenerator<SignedNodeRecord, void, undefined> {
  const frames = ask(call, { kind: 'accepting', limit }, networkLimits.frameBytes)
  for await (const frame of atMost(frames, limit)) yield decodeSignedRecord(frame)
}

function ask({ connection, signal }: CatalogueCall, request: WireCatalogueRequest, maxFrameBytes: number) {
  const protocol = protocolIds.catalogue
  return callProtocol({ connection, protocol, request: encodeCbor(request), maxFrameBytes, signal })
}

async function only(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let first: Uint8Array | undefined
  for await (const frame of atMost(frames, 1)) first = frame
  if (first === undefined) throw unreadable('The relay sent nothing.')
  return first
}

async function* atMost(frames: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array, void, undefined> {
  let seen = 0
  for await (const frame of frames) {
    if (++seen > count) throw unreadable('The relay sent more than it was asked for.')
    yield frame
  }
}
