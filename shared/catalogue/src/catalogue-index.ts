/** The searchable catalogue in memory: full text over path, title, tags and columns, filters, and rank order (DESIGN §5). */
import { formatDatasetPath, type Hex, type Manifest } from '@enigma/protocol'
import MiniSearch from 'minisearch'
import { type CatalogueEntry, type CatalogueSummary, type ChainListing, summariseManifest } from './catalogue-entry.ts'
import { type CatalogueFilter, matchesFilter } from './catalogue-filter.ts'
import { compareFreshness, compareUptime, type Observation } from './observation.ts'
import { compareRank, compareText } from './rank-order.ts'

export const catalogueSorts = ['rank', 'relevance', 'newest', 'price', 'title', 'freshness', 'uptime'] as const
export type CatalogueSort = (typeof catalogueSorts)[number]

export type SearchCatalogueParameters = CatalogueFilter & {
  /** Words; every one must be found, its beginning suffices. All datasets when absent. */
  text?: string | undefined
  sort: CatalogueSort
  offset: number
  limit: number
}

export type CataloguePage = {
  entries: CatalogueEntry[]
  /** Datasets that match, on all pages. */
  total: number
}

export type CatalogueIndex = {
  /** Adds the manifest of a dataset, or replaces the one before. */
  put: (parameters: { dataset: Hex; manifest: Manifest }) => void
  remove: (dataset: Hex) => void
  readonly size: number
  /** A page; datasets that the chain does not list, or lists as closed, are left out. */
  search: (parameters: SearchCatalogueParameters) => CataloguePage
}

type SearchDocument = { id: Hex; path: string; title: string; tags: string; columns: string }

export type CreateCatalogueIndexParameters = {
  /** The chain's present values. */
  listingOf: (dataset: Hex) => ChainListing | undefined
  /** What was seen of the nodes of a dataset. */
  observedOf?: ((dataset: Hex) => Observation | undefined) | undefined
}

/** Creates an empty index. */
export function createCatalogueIndex({ listingOf, observedOf }: CreateCatalogueIndexParameters): CatalogueIndex {
  const summaries = new Map<Hex, CatalogueSummary>()
  const engine = new MiniSearch<SearchDocument>({
    fields: ['path', 'title', 'tags', 'columns'],
    searchOptions: { prefix: true, fuzzy: 0.15, combineWith: 'AND', boost: { title: 3, path: 2, tags: 2 } },
  })
  const remove = (dataset: Hex) => {
    if (summaries.delete(dataset)) engine.discard(dataset)
  }
  return {
    put({ dataset, manifest }) {
      remove(dataset)
      summaries.set(dataset, summariseManifest(manifest))
      engine.add(toDocument(dataset, manifest))
    },
    remove,
    get size() {
      return summaries.size
    },
    search(parameters) {
      const scores = findMatches(engine, summaries, parameters.text)
      const found: Found[] = []
      for (const [dataset, score] of scores) {
        const summary = summaries.get(dataset)
        const listing = listingOf(dataset)
        if (summary === undefined || listing?.closedAt !== 0) continue
        if (!matchesFilter({ listing, summary }, parameters)) continue
        const observed = observedOf?.(dataset)
        found.push({ score, listing, summary, ...(observed && { observed }) })
      }
      found.sort(comparators[parameters.sort])
      const page = found.slice(parameters.offset, parameters.offset + parameters.limit)
      return { total: found.length, entries: page.map(({ score: _, ...entry }) => entry) }
    },
  }
}

type Found = CatalogueEntry & { score: number }

const comparators: Record<CatalogueSort, (a: Found, b: Found) => number> = {
  rank: (a, b) => compareRank(a.listing, b.listing),
  relevance: (a, b) => b.score - a.score || compareRank(a.listing, b.listing),
  newest: (a, b) => b.listing.registeredBlock - a.listing.registeredBlock || compareRank(a.listing, b.listing),
  price: (a, b) => compareBigint(a.listing.rate, b.listing.rate) || compareRank(a.listing, b.listing),
  title: (a, b) => compareText(a.summary.title, b.summary.title) || compareRank(a.listing, b.listing),
  freshness: (a, b) => compareFreshness(a.observed, b.observed) || compareRank(a.listing, b.listing),
  uptime: (a, b) => compareUptime(a.observed, b.observed) || compareRank(a.listing, b.listing),
}

function compareBigint(a: bigint, b: bigint): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Datasets that match the words, with how well. */
function findMatches(
  engine: MiniSearch<SearchDocument>,
  summaries: ReadonlyMap<Hex, CatalogueSummary>,
  text: string | undefined,
): [Hex, number][] {
  if (text === undefined || text.trim() === '') return [...summaries.keys()].map((dataset) => [dataset, 0])
  return engine.search(text).map(({ id, score }) => [id as Hex, score])
}

function toDocument(dataset: Hex, manifest: Manifest): SearchDocument {
  const columns = manifest.tables.flatMap((table) => [table.name, ...table.columns.map((column) => column.name)])
  return {
    id: dataset,
    path: formatDatasetPath(manifest),
    title: manifest.title,
    tags: manifest.tags.join(' '),
    columns: columns.join(' '),
  }
}
