/**
 * The relay's catalogue: verifies what is announced, stores it, and answers from it. What does not match the chain's hash
 * is never stored; of each node only the newest record is kept (DESIGN §5).
 */
import { createCatalogueIndex, type CatalogueIndex } from '@enigma/catalogue'
import { verifyManifest, verifyNodeRecord } from '@enigma/crypto'
import type { Announcement, CatalogueSource, Location } from '@enigma/network'
import {
  datasetIdOf,
  decodeManifest,
  decodeNodeRecord,
  type Deployment,
  equalBytes,
  hashManifest,
  type Hex,
  type Manifest,
  MarketplaceError,
  type NodeRecord,
  type SignedManifest,
  type SignedNodeRecord,
} from '@enigma/protocol'
import type { CatalogueChain } from './catalogue-chain.ts'
import type { CatalogueStore } from './catalogue-store.ts'
import { createChainNews, type ChainNews } from './chain-news.ts'
import { relayLimits } from './relay-limits.ts'

export type RelayCatalogue = Pick<CatalogueSource, 'page' | 'contents' | 'manifestOf' | 'recordOf'> & {
  /**
   * Verifies and stores; `waitMs` is how long the chain may take to name a manifest. Throws `manifest-mismatch`,
   * `manifest-invalid`, `node-record-invalid`, `node-record-stale`, `chain-unavailable`.
   */
  accept: (
    item: Announcement,
    options: { waitMs: number; signal?: AbortSignal | undefined },
  ) => Promise<{ isNew: boolean }>
  locate: (dataset: Hex) => Location | undefined
  /** The unexpired record of a node. */
  nodeRecordOf: (peerId: string) => NodeRecord | undefined
  /** Hashes that the chain names and this relay lacks. */
  wanted: () => Hex[]
  hasManifest: (hash: Hex) => boolean
  seqOf: (peerId: string) => number | undefined
  /** To be called when the chain mirror has moved. */
  chainChanged: () => void
}

export type CreateRelayCatalogueParameters = {
  store: CatalogueStore
  chain: CatalogueChain
  deployment: Deployment
  nowSeconds: () => number
}

type State = CreateRelayCatalogueParameters & {
  index: CatalogueIndex
  news: ChainNews
  /** The manifest in use of each dataset. */
  held: Map<Hex, { hash: Hex; nodes: Manifest['nodes'] }>
  /** How many held manifests list a node, by `<peerId> <signer>`. */
  listed: Map<string, number>
}

/** Opens the catalogue over what the store holds. */
export function createRelayCatalogue(parameters: CreateRelayCatalogueParameters): RelayCatalogue {
  const { store, chain, nowSeconds } = parameters
  const held: State['held'] = new Map()
  const listingOf = (dataset: Hex) => {
    const listing = chain.listings().get(dataset)
    return listing?.metadataHash === held.get(dataset)?.hash ? listing : undefined
  }
  const state: State = {
    ...parameters,
    index: createCatalogueIndex({ listingOf }),
    news: createChainNews(),
    held,
    listed: new Map(),
  }
  for (const { hash, signed } of store.manifests()) hold(state, hash, decodeManifest(signed.manifest))
  return {
    accept: (item, options) =>
      item.kind === 'manifest' ? acceptManifest(state, item.signed, options) : acceptRecord(state, item.signed),
    page: (request) => state.index.search(request),
    contents: () => store.contents(nowSeconds()),
    manifestOf: store.manifestOf,
    recordOf: (peerId) => liveRecord(state, peerId)?.signed,
    locate: (dataset) => locate(state, dataset),
    nodeRecordOf: (peerId) => {
      const stored = liveRecord(state, peerId)
      return stored && decodeNodeRecord(stored.signed.record)
    },
    wanted: () => wantedHashes(state),
    hasManifest: (hash) => store.manifestOf(hash) !== undefined,
    seqOf: (peerId) => store.recordOf(peerId)?.seq,
    chainChanged: () => {
      chain.changed()
      state.news.tell()
    },
  }
}

async function acceptManifest(
  state: State,
  signed: SignedManifest,
  { waitMs, signal }: { waitMs: number; signal?: AbortSignal | undefined },
): Promise<{ isNew: boolean }> {
  const { store, chain, deployment, news } = state
  const hash = hashManifest(signed.manifest)
  if (store.manifestOf(hash) !== undefined) return { isNew: false }
  const dataset = datasetIdOf(decodeManifest(signed.manifest))
  const isNamed = () => chain.metadataHashOf(dataset) === hash
  if (!isNamed() && !(await news.until({ condition: isNamed, timeoutMs: waitMs, signal }))) throw notNamed()
  const manifest = await verifyManifest({ signed, deployment, expectedHash: hash })
  if (!isNamed()) throw notNamed()
  store.putManifest({ dataset, hash, signed })
  hold(state, hash, manifest)
  return { isNew: true }
}

async function acceptRecord(state: State, signed: SignedNodeRecord): Promise<{ isNew: boolean }> {
  const { store, deployment, nowSeconds } = state
  const { peerId } = decodeNodeRecord(signed.record)
  const stored = store.recordOf(peerId)
  if (stored !== undefined && equalBytes(stored.signed.record, signed.record)) return { isNew: false }
  const lowestSeq = stored === undefined ? 0 : stored.seq + 1
  const record = await verifyNodeRecord({ signed, deployment, nowSeconds: nowSeconds(), lowestSeq })
  store.dropExpired(nowSeconds())
  if (!isListed(state, record)) makeRoom(state)
  const { seq, expiresAt } = record
  return { isNew: store.putRecord({ peerId, seq, expiresAt, signed }) }
}

/** Records of nodes that no manifest lists cost nothing to make: only so many are kept, the ones that last longest. */
function makeRoom(state: State): void {
  const unlisted = state.store.records(state.nowSeconds()).filter(({ signed }) => {
    return !isListed(state, decodeNodeRecord(signed.record))
  })
  for (const { peerId } of unlisted.slice(0, Math.max(0, unlisted.length - relayLimits.unlistedRecords + 1))) {
    state.store.dropRecord(peerId)
  }
}

function isListed({ listed }: State, { peerId, signer }: Pick<NodeRecord, 'peerId' | 'signer'>): boolean {
  return listed.has(`${peerId} ${signer}`)
}

function hold(state: State, hash: Hex, manifest: Manifest): void {
  const dataset = datasetIdOf(manifest)
  for (const node of state.held.get(dataset)?.nodes ?? []) count(state, node, -1)
  for (const node of manifest.nodes) count(state, node, 1)
  state.held.set(dataset, { hash, nodes: manifest.nodes })
  state.index.put({ dataset, manifest })
}

function count({ listed }: State, { peerId, signer }: Pick<NodeRecord, 'peerId' | 'signer'>, by: number): void {
  const key = `${peerId} ${signer}`
  const next = (listed.get(key) ?? 0) + by
  if (next > 0) listed.set(key, next)
  else listed.delete(key)
}

function locate(state: State, dataset: Hex): Location | undefined {
  const held = state.held.get(dataset)
  if (held === undefined || state.chain.metadataHashOf(dataset) !== held.hash) return undefined
  const manifest = state.store.manifestOf(held.hash)
  if (manifest === undefined) return undefined
  const records = held.nodes.flatMap(({ peerId, signer }) => {
    const stored = liveRecord(state, peerId)
    return stored !== undefined && decodeNodeRecord(stored.signed.record).signer === signer ? [stored.signed] : []
  })
  return { manifest, records }
}

function liveRecord({ store, nowSeconds }: State, peerId: string) {
  const stored = store.recordOf(peerId)
  return stored !== undefined && stored.expiresAt > nowSeconds() ? stored : undefined
}

function wantedHashes({ chain, store }: State): Hex[] {
  return [...chain.listings().values()]
    .filter(({ closedAt, metadataHash }) => closedAt === 0 && store.manifestOf(metadataHash) === undefined)
    .map(({ metadataHash }) => metadataHash)
}

function notNamed(): MarketplaceError {
  const message = 'The chain does not name this manifest; register or update the dataset first, then announce again.'
  return new MarketplaceError({ code: 'manifest-mismatch', message })
}
