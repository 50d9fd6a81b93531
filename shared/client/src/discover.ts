/**
 * The catalogue as this client believes it: two relays are asked, the chain's own values decide order and presence, and
 * what is shown of a manifest comes from the manifest whose hash is on chain (DESIGN §5 Catalogue).
 */
import {
  type CatalogueEntry,
  type CatalogueFilter,
  type CatalogueSort,
  type CatalogueSummary,
  compareFreshness,
  compareRank,
  compareText,
  compareUptime,
  matchesFilter,
  type Observation,
} from '@enigma/catalogue'
import type { DatasetConfigReader } from '@enigma/chain'
import { fetchPage, type PageRequest } from '@enigma/network'
import { datasetIdOf, formatDatasetPath, type Hex, type Manifest, MarketplaceError } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import type { Connections } from './connections.ts'
import { type ChainFacts, createChainFacts } from './discover-chain.ts'
import { createManifestCache } from './manifest-cache.ts'
import type { Relay } from './relay-list.ts'
import type { ClientParts } from './types.ts'

const defaultLimit = 20
const relaysAsked = 2
const relayTimeoutMs = 8_000

export type DiscoverParameters = CatalogueFilter & {
  /** Words, each of which must be found in path, title, tags or columns. */
  text?: string
  /** Default `rank`. */
  sort?: CatalogueSort
  offset?: number
  /** At most 50; default 20. */
  limit?: number
  signal?: AbortSignal
}

/** A dataset whose values are the chain's and whose summary is its manifest's. */
export type DiscoveredDataset = ChainFacts & {
  path: string
  id: Hex
  manifest: Manifest
  summary: CatalogueSummary
  /** What the first relay that tells it saw of the nodes: its word alone, which no chain bears out. */
  observed: Observation | undefined
}

/** What a relay said that is not so, or did not say. `order`: its page is not in the order of the chain's values. */
export type Disagreement = { relay: string; kind: 'unreachable' | 'order' | 'omitted' | 'false-entry'; dataset?: Hex }

export type DiscoverReturnType = {
  entries: DiscoveredDataset[]
  /** Matches on all pages, the most that a relay told. */
  total: number
  /** How many relays answered; with one alone an omission would not show. */
  relaysAnswered: number
  disagreements: Disagreement[]
}

type Page = { relay: Relay; connection: Connection; entries: readonly CatalogueEntry[]; total: number }

/** Creates the verb; chain facts and manifests that were verified are kept for the next page. */
export function createDiscover(
  parts: ClientParts & { readConfig: DatasetConfigReader },
  connections: Connections,
): (parameters: DiscoverParameters) => Promise<DiscoverReturnType> {
  const chain = createChainFacts(parts)
  const manifests = createManifestCache(parts)
  return async (parameters) => {
    const { signal } = parameters
    const request = requestOf(parameters)
    const disagreements: Disagreement[] = []
    const pages = await askRelays({ connections, request, signal, disagreements })
    const verified = new Map<Hex, DiscoveredDataset>()
    const refused = new Set<Hex>()
    const observed = observedBy(pages)
    for (const page of pages) {
      const unseen = page.entries.filter(
        ({ listing }) => !verified.has(listing.dataset) && !refused.has(listing.dataset),
      )
      const facts = await Promise.all(unseen.map(({ listing }) => chain.verify(listing)))
      await manifests.load({
        connection: page.connection,
        hashes: facts.flatMap((each) => each?.metadataHash ?? []),
        signal,
      })
      for (const [index, { listing }] of unseen.entries()) {
        const cached = manifests.get(facts[index]?.metadataHash)
        const found = toDataset({ id: listing.dataset, facts: facts[index], cached, observed })
        if (found === undefined || !matchesFilter({ listing: found, ...found }, parameters)) {
          refused.add(listing.dataset)
        } else verified.set(listing.dataset, found)
      }
    }
    for (const page of pages) disagreements.push(...compare({ page, pages, verified, request }))
    const entries = listed(pages, verified, request)
    return { entries, total: Math.max(...pages.map(({ total }) => total)), relaysAnswered: pages.length, disagreements }
  }
}

function requestOf({ text, tags, sort = 'rank', offset = 0, limit = defaultLimit, ...rest }: DiscoverParameters) {
  const { curator, hasSample, isCurated, minRate, maxRate } = rest
  const request: PageRequest = { sort, offset, limit }
  if (text !== undefined) request.text = text
  if (tags !== undefined) request.tags = [...tags]
  if (curator !== undefined) request.curator = curator
  if (hasSample !== undefined) request.hasSample = hasSample
  if (isCurated !== undefined) request.isCurated = isCurated
  if (minRate !== undefined) request.minRate = minRate
  if (maxRate !== undefined) request.maxRate = maxRate
  return request
}

type AskRelaysParameters = {
  connections: Connections
  request: PageRequest
  signal: AbortSignal | undefined
  disagreements: Disagreement[]
}

/** Pages of two relays; more are asked while some fail. Throws `no-relay` when none answers. */
async function askRelays({ connections, request, signal, disagreements }: AskRelaysParameters): Promise<Page[]> {
  const waiting = [...connections.relays()]
  const pages: Page[] = []
  const failures: unknown[] = []
  while (pages.length < relaysAsked && waiting.length > 0) {
    const asked = waiting.splice(0, relaysAsked - pages.length)
    const answers = await Promise.allSettled(asked.map((relay) => askRelay(connections, relay, request, signal)))
    signal?.throwIfAborted()
    for (const [index, answer] of answers.entries()) {
      const relay = asked[index]
      if (answer.status === 'fulfilled') pages.push(answer.value)
      else if (relay !== undefined) {
        failures.push(answer.reason)
        connections.demote(relay)
        disagreements.push({ relay: relay.peerId, kind: 'unreachable' })
      }
    }
  }
  if (pages.length > 0) return pages
  throw new MarketplaceError({
    code: 'no-relay',
    message: 'No relay can be reached; check the connection and the network file.',
    cause: new AggregateError(failures, 'every relay failed'),
  })
}

async function askRelay(
  connections: Connections,
  relay: Relay,
  page: PageRequest,
  callerSignal: AbortSignal | undefined,
): Promise<Page> {
  const timeout = AbortSignal.timeout(relayTimeoutMs)
  const signal = callerSignal === undefined ? timeout : AbortSignal.any([callerSignal, timeout])
  const connection = await connections.toRelay(relay, { signal })
  const { entries, total } = await fetchPage({ connection, page, signal })
  return { relay, connection, entries: entries.slice(0, page.limit), total }
}

/** The page as it is shown: in the order of the chain, or where every relay has its own, a full page of the first one's. */
function listed(
  [first]: readonly Page[],
  verified: ReadonlyMap<Hex, DiscoveredDataset>,
  { sort, limit }: Pick<PageRequest, 'sort' | 'limit'>,
): DiscoveredDataset[] {
  if (ownOpinions.has(sort) && first !== undefined && first.entries.length >= limit) {
    // Of two such pages that are mixed and cut, a line could stand on no page at all.
    return first.entries.flatMap(({ listing }) => verified.get(listing.dataset) ?? [])
  }
  return [...verified.values()].sort(comparators[sort]).slice(0, limit)
}

/** What the relays saw; of two words on a dataset, that of the relay that comes first. */
function observedBy(pages: readonly Page[]): Map<Hex, Observation> {
  const told = pages.toReversed().flatMap(({ entries }) => entries)
  return new Map(told.flatMap(({ listing, observed }) => (observed === undefined ? [] : [[listing.dataset, observed]])))
}

type ToDatasetParameters = {
  id: Hex
  facts: ChainFacts | undefined
  cached: { manifest: Manifest; summary: CatalogueSummary } | undefined
  observed: ReadonlyMap<Hex, Observation>
}

function toDataset({ id, facts, cached, observed }: ToDatasetParameters): DiscoveredDataset | undefined {
  if (facts === undefined || cached === undefined || datasetIdOf(cached.manifest) !== id) return undefined
  return { ...facts, ...cached, id, path: formatDatasetPath(cached.manifest), observed: observed.get(id) }
}

type CompareParameters = {
  page: Page
  pages: readonly Page[]
  verified: ReadonlyMap<Hex, DiscoveredDataset>
  request: Pick<PageRequest, 'sort' | 'offset' | 'limit'>
}

function compare({ page, pages, verified, request: { sort, offset, limit } }: CompareParameters): Disagreement[] {
  const relay = page.relay.peerId
  const compareTwo = ownOpinions.has(sort) ? () => 0 : comparators[sort]
  const ids = page.entries.map(({ listing }) => listing.dataset)
  const found: Disagreement[] = ids
    .filter((dataset) => !verified.has(dataset))
    .map((dataset) => ({ relay, kind: 'false-entry', dataset }))
  const known = ids.flatMap((dataset) => verified.get(dataset) ?? [])
  if (!known.every((dataset, index) => index === 0 || compareTwo(known[index - 1] ?? dataset, dataset) <= 0)) {
    found.push({ relay, kind: 'order' })
  }
  const [first] = known
  const last = known.at(-1)
  for (const dataset of pages.flatMap(({ entries }) => entries.map(({ listing }) => listing.dataset))) {
    const other = verified.get(dataset)
    if (other === undefined || ids.includes(dataset) || found.some((each) => each.dataset === dataset)) continue
    // What sorts before a later page may stand on an earlier one, which was not asked for.
    const mayBeBefore = first === undefined || ownOpinions.has(sort) || compareTwo(other, first) < 0
    if (offset > 0 && mayBeBefore) continue
    const isFull = ids.length >= limit
    if (!isFull || (last !== undefined && compareTwo(other, last) < 0)) {
      found.push({ relay, kind: 'omitted', dataset })
    }
  }
  return found
}

const byRank = (a: DiscoveredDataset, b: DiscoveredDataset) =>
  compareRank({ ...a, dataset: a.id }, { ...b, dataset: b.id })

/** Orders that no chain's values decide: each relay has its own, and that is no disagreement. */
const ownOpinions: ReadonlySet<CatalogueSort> = new Set(['relevance', 'freshness', 'uptime'] satisfies CatalogueSort[])

/** By the chain's values, or by what is shown of what relays saw; relevance keeps the order of the relay. */
const comparators: Record<CatalogueSort, (a: DiscoveredDataset, b: DiscoveredDataset) => number> = {
  rank: byRank,
  relevance: () => 0,
  newest: (a, b) => b.registeredBlock - a.registeredBlock || byRank(a, b),
  price: (a, b) => (a.rate === b.rate ? byRank(a, b) : a.rate < b.rate ? -1 : 1),
  title: (a, b) => compareText(a.summary.title, b.summary.title) || byRank(a, b),
  freshness: (a, b) => compareFreshness(a.observed, b.observed) || byRank(a, b),
  uptime: (a, b) => compareUptime(a.observed, b.observed) || byRank(a, b),
}
