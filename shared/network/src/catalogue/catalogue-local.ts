/** `/enigma/catalogue/1.0.0`, serving side over an injected catalogue. */
import type { CatalogueContents, CataloguePage } from '@enigma/catalogue'
import {
  encodeCbor,
  type Hex,
  protocolIds,
  recordCodes,
  type SignedManifest,
  type SignedNodeRecord,
  transportCodes,
} from '@enigma/protocol'
import type { RateLimiter } from '../admission.ts'
import { framesOf, serveRequests } from '../framing/serve-requests.ts'
import type { ProtocolHost, ProtocolServer, RemotePeer } from '../framing/serve-protocol.ts'
import {
  type Announcement,
  type CatalogueRequest,
  catalogueRequestSchema,
  contentsLines,
  encodePage,
  maxAnnouncementBytes,
  type PageRequest,
} from './catalogue-messages.ts'

/** What a relay serves its catalogue from. */
export type CatalogueSource = {
  /** Verifies and stores; throws `manifest-mismatch`, `manifest-invalid`, `node-record-invalid`, `node-record-stale`. */
  accept: (item: Announcement, origin: { remote: RemotePeer; signal: AbortSignal }) => Promise<{ isNew: boolean }>
  page: (request: PageRequest) => CataloguePage
  contents: () => CatalogueContents
  manifestOf: (hash: Hex) => SignedManifest | undefined
  recordOf: (peerId: string) => SignedNodeRecord | undefined
  /** Records of at most `limit` persistence nodes that say that they accept datasets. */
  accepting: (limit: number) => readonly SignedNodeRecord[]
}

export type HandleCatalogueParameters = {
  host: ProtocolHost
  catalogue: CatalogueSource
  rate?: RateLimiter | undefined
  onError: (error: unknown) => void
}

/** Serves the catalogue protocol. */
export function handleCatalogue({
  host,
  catalogue,
  rate,
  onError,
}: HandleCatalogueParameters): Promise<ProtocolServer> {
  return serveRequests({
    host,
    protocol: protocolIds.catalogue,
    schema: catalogueRequestSchema,
    maxRequestBytes: maxAnnouncementBytes + 256,
    codes: [...transportCodes, ...recordCodes, 'dataset-unknown', 'chain-behind', 'chain-unavailable'],
    rate,
    answer: (request, { remote, signal }) =>
      request.kind === 'announce'
        ? announced(catalogue.accept(request.item, { remote, signal }))
        : framesOf(toFrames(catalogue, request)),
    onError,
  })
}

async function* announced(accepted: Promise<{ isNew: boolean }>): AsyncGenerator<Uint8Array, void, undefined> {
  yield encodeCbor(await accepted)
}

function* toFrames(
  catalogue: CatalogueSource,
  request: Exclude<CatalogueRequest, { kind: 'announce' }>,
): Generator<Uint8Array, void, undefined> {
  switch (request.kind) {
    case 'page':
      yield encodePage(catalogue.page(request))
      return
    case 'contents':
      yield* contentsFrames(catalogue.contents())
      return
    case 'manifests':
      yield* encodeFound(request.hashes.map(catalogue.manifestOf))
      return
    case 'accepting':
      yield* encodeFound(catalogue.accepting(request.limit))
      return
    case 'records':
      yield* encodeFound(request.peerIds.map(catalogue.recordOf))
  }
}

function* contentsFrames({ manifests, records }: CatalogueContents): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < Math.max(manifests.length, records.length); at += contentsLines) {
    const end = at + contentsLines
    yield encodeCbor({ manifests: manifests.slice(at, end), records: records.slice(at, end) })
  }
}

function* encodeFound(items: readonly unknown[]): Generator<Uint8Array, void, undefined> {
  for (const item of items) if (item !== undefined) yield encodeCbor(item)
}
