/**
 * The relay's catalogue: verifies what is announced, stores it, and answers from it. What does not match the chain's hash
 * is never stored; of each node only the newest record is kept (DESIGN §5).
 */
import { type ChainListing, createCatalogueIndex, type CatalogueIndex, type Observation } from '@enigma/catalogue'
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
import { createListedNodes, type ListedNodes } from './listed-nodes.ts'
import type { OpenDataset } from './observation/look-at-dataset.ts'
import { createUnlistedRecords, type UnlistedRecord, type UnlistedRecords } from './unlisted-records.ts'

export type RelayCatalogue = Pick<CatalogueSource, 'page' | 'contents' | 'manifestOf' | 'recordOf' | 'accepting'> & {
  /**
   * Verifies and stores; `waitMs` is how long the chain may take to name a manifest. Throws `manifest-mismatch`,
   * `manifest-invalid`, `node-record-invalid`, `node-record-stale`, `chain-unavailable`; `busy` when `sender`, whose
   * records share a limit, has brought too many of nodes that nobody lists.
   */
  accept: (
    item: Announcement,
    options: { waitMs: number; sender?: string; signal?: AbortSignal | undefined },
  ) => Promise<{ isNew: boolean }>
  locate: (dataset: Hex) => Location | undefined
  /** A dataset for a page about it, closed ones too; undefined when it has no manifest here. */
  describe: (dataset: Hex) => DatasetDescription | undefined
  /** The unexpired record of a node. */
  nodeRecordOf: (peerId: string) => NodeRecord | undefined
  /** Hashes that the chain names and this relay lacks. */
  wanted: () => Hex[]
  hasManifest: (hash: Hex) => boolean
  seqOf: (peerId: string) => number | undefined
  /** Whether some manifest in use lists the node, whatever its signer. */
  isListedPeer: (peerId: string) => boolean
  /** Datasets that can be asked: open, with the manifest in use here. */
  openDatasets: () => readonly OpenDataset[]
  /** Whether the chain lists the dataset as open. */
  isOpen: (dataset: Hex) => boolean
  /** To be called when the chain mirror has moved. */
  chainChanged: () => void
}

/** What the chain says of a dataset, the manifest that it names, and what this relay saw of its nodes. */
export type DatasetDescription = { listing: ChainListing; manifest: Manifest; observed?: Observation }

export type CreateRelayCatalogueParameters = {
  store: CatalogueStore
  chain: CatalogueChain
  deployment: Deployment
  nowSeconds: () => number
  /** Peers whose records are never dropped for want of room. */
  protectedPeers?: ReadonlySet<string> | undefined
  /** Peers that are connected now; their records are dropped last. */
  connectedPeers?: (() => ReadonlySet<string>) | undefined
  /** From 0 to below 1. */
  random?: (() => number) | undefined
  /** What this relay saw of a dataset's nodes. */
  observedOf?: ((dataset: Hex) => Observation | undefined) | undefined
}

type State = CreateRelayCatalogueParameters & {
  index: CatalogueIndex
  news: ChainNews
  /** The manifest in use of each dataset. */
  held: Map<Hex, { hash: Hex; nodes: Manifest['nodes'] }>
  /** Nodes of the held manifests. */
  listed: ListedNodes
  unlisted: UnlistedRecords
}

/** Opens the catalogue over what the store holds. */
export function createRelayCatalogue(parameters: CreateRelayCatalogueParameters): RelayCatalogue {
  const { store, chain, nowSeconds, protectedPeers, connectedPeers, observedOf } = parameters
  const listed = createListedNodes()
  const held: State['held'] = new Map()
  const listingOf = (dataset: Hex) => {
    const listing = chain.listings().get(dataset)
    return listing?.metadataHash === held.get(dataset)?.hash ? listing : undefined
  }
  const state: State = {
    ...parameters,
    index: createCatalogueIndex({ listingOf, observedOf }),
    news: createChainNews(),
    held,
    listed,
    unlisted: createUnlistedRecords({
      isListed: listed.has,
      isProtected: (peerId) => protectedPeers?.has(peerId) === true,
      connectedPeers: connectedPeers ?? (() => new Set()),
    }),
  }
  for (const { hash, signed } of store.manifests()) hold(state, hash, decodeManifest(signed.manifest))
  for (const { peerId } of store.records(nowSeconds())) noteUnlisted(state, peerId)
  return {
    accept: (item, options) =>
      item.kind === 'manifest'
        ? acceptManifest(state, item.signed, options)
        : acceptRecord(state, item.signed, options),
    page: (request) => state.index.search(request),
    contents: () => store.contents(nowSeconds()),
    manifestOf: store.manifestOf,
    recordOf: (peerId) => liveRecord(state, peerId)?.signed,
    accepting: (limit) => acceptingNodes(state, limit),
    locate: (dataset) => locate(state, dataset),
    describe: (dataset) => describe(state, dataset),
    nodeRecordOf: (peerId) => {
      const stored = liveRecord(state, peerId)
      return stored && decodeNodeRecord(stored.signed.record)
    },
    wanted: () => wantedHashes(state),
    hasManifest: (hash) => store.manifestOf(hash) !== undefined,
    seqOf: (peerId) => store.recordOf(peerId)?.seq,
    isListedPeer: listed.hasPeer,
    openDatasets: () => openDatasets(state),
    isOpen: (dataset) => chain.listings().get(dataset)?.closedAt === 0,
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

async function acceptRecord(
  state: State,
  signed: SignedNodeRecord,
  { sender = '' }: { sender?: string },
): Promise<{ isNew: boolean }> {
  const { store, deployment, nowSeconds, listed, unlisted } = state
  const claimed = decodeNodeRecord(signed.record)
  const { peerId } = claimed
  const stored = store.recordOf(peerId)
  if (stored !== undefined && equalBytes(stored.signed.record, signed.record)) return { isNew: false }
  const hasRoom = () => listed.has(claimed) || unlisted.hasRoom({ peerId, sender }, nowSeconds())
  if (!hasRoom()) throw noRoom()
  const lowestSeq = stored === undefined ? 0 : stored.seq + 1
  const { seq, signer, expiresAt } = await verifyNodeRecord({ signed, deployment, nowSeconds: nowSeconds(), lowestSeq })
  if (!hasRoom()) throw noRoom()
  store.dropExpired(nowSeconds())
  const isNew = store.putRecord({ peerId, seq, expiresAt, signed, sender })
  if (isNew && !listed.has(claimed)) addUnlisted(state, { peerId, signer, expiresAt, sender })
  return { isNew }
}

function addUnlisted({ store, unlisted, nowSeconds }: State, record: UnlistedRecord): void {
  const dropped = unlisted.add(record, nowSeconds())
  if (dropped !== undefined) store.dropRecord(dropped)
}

/** Counts the stored record of a node among the unlisted ones, if no manifest lists it. */
function noteUnlisted(state: State, peerId: string): void {
  const stored = liveRecord(state, peerId)
  if (stored === undefined) return
  const { signer, expiresAt } = decodeNodeRecord(stored.signed.record)
  const { sender } = stored
  if (!state.listed.has({ peerId, signer })) addUnlisted(state, { peerId, signer, expiresAt, sender })
}

function hold(state: State, hash: Hex, manifest: Manifest): void {
  const dataset = datasetIdOf(manifest)
  const before = state.held.get(dataset)?.nodes ?? []
  state.listed.replace(before, manifest.nodes)
  for (const { peerId } of before) noteUnlisted(state, peerId)
  state.held.set(dataset, { hash, nodes: manifest.nodes })
  state.index.put({ dataset, manifest })
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

function describe({ chain, store, observedOf }: State, dataset: Hex): DatasetDescription | undefined {
  const listing = chain.listings().get(dataset)
  if (listing === undefined) return undefined
  const signed = store.manifestOf(listing.metadataHash)
  if (signed === undefined) return undefined
  const manifest = decodeManifest(signed.manifest)
  // Anyone may put the hash of another's manifest on chain; it does not describe his dataset.
  if (datasetIdOf(manifest) !== dataset) return undefined
  const observed = observedOf?.(dataset)
  return { listing, manifest, ...(observed && { observed }) }
}

function openDatasets({ chain, held }: State): OpenDataset[] {
  return [...chain.listings().values()].flatMap(({ dataset: id, metadataHash, publisher, closedAt }) => {
    const manifest = held.get(id)
    if (closedAt !== 0 || manifest?.hash !== metadataHash) return []
    const nodes = manifest.nodes.filter(({ roles }) => roles.includes('persistence'))
    return [{ id, metadataHash, publisher, nodes }]
  })
}

/** Nodes that a dataset lists come first: they do what they say. The others follow by chance, so that no flood hides all. */
function acceptingNodes({ store, listed, nowSeconds, random = Math.random }: State, limit: number): SignedNodeRecord[] {
  const open = store.records(nowSeconds()).flatMap(({ signed }) => {
    const record = decodeNodeRecord(signed.record)
    const order = (listed.has(record) ? 0 : 1) + random()
    return record.accepts === true && record.roles.includes('persistence') ? [{ signed, order }] : []
  })
  return open
    .toSorted((a, b) => a.order - b.order)
    .slice(0, limit)
    .map(({ signed }) => signed)
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

function noRoom(): MarketplaceError {
  const message =
    'This relay keeps no more records of unlisted nodes from your address; get listed, or ask another relay.'
  return new MarketplaceError({ code: 'busy', message })
}

function notNamed(): MarketplaceError {
  const message = 'The chain does not name this manifest; register or update the dataset first, then announce again.'
  return new MarketplaceError({ code: 'manifest-mismatch', message })
}
