/** A page of the catalogue as the relay that serves this site tells it: unproven, and read with suspicion all the same. */
import type { Search } from '#lib/discover/search-url.ts'
import { type CatalogueItem, pageSize, rateFilter } from './catalogue-item.ts'
import { readObservation } from './read-observation.ts'

export type UnprovenPage = { total: number; items: CatalogueItem[] }

/** The page; undefined where the site is served by no relay, or by one that answers otherwise. */
export async function readCatalogue(search: Search, signal: AbortSignal): Promise<UnprovenPage | undefined> {
  const response = await fetch(`/catalogue.json?${queryOf(search)}`, { signal })
  if (!response.ok) return undefined
  const page: unknown = await response.json()
  if (!isRecord(page) || !Array.isArray(page['entries']) || typeof page['total'] !== 'number') return undefined
  const items = page['entries'].slice(0, pageSize).flatMap((entry: unknown) => {
    const item = readItem(entry)
    return item === undefined ? [] : [item]
  })
  // Two entries of one path would be one key twice in the list.
  return { total: page['total'], items: [...new Map(items.map((item) => [item.path, item])).values()] }
}

function readItem(entry: unknown): CatalogueItem | undefined {
  if (!isRecord(entry)) return undefined
  const { listing, summary, observed } = entry
  if (!isRecord(listing) || !isRecord(summary)) return undefined
  const { curator, name } = listing
  if (typeof curator !== 'string' || !/^0x[0-9a-f]{40}$/.test(curator)) return undefined
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{2,30}$/.test(name)) return undefined
  const tags: unknown[] = Array.isArray(summary['tags']) ? summary['tags'] : []
  return {
    ...{ path: `${curator}/${name}`, curator, name },
    title: textOf(summary['title'], 120),
    excerpt: textOf(summary['excerpt'], 600),
    tags: [...new Set(tags.map((tag) => textOf(tag, 40)))].slice(0, 20),
    tables: countOf(summary['tables']),
    columns: countOf(summary['columns']),
    hasSample: summary['hasSample'] === true,
    isCurated: summary['isCurated'] === true,
    isClosed: countOf(listing['closedAt']) !== 0,
    rate: amountOf(listing['rate']),
    deposit: amountOf(listing['deposit']),
    subscribers: amountOf(listing['subscribers']),
    monthlyRevenue: amountOf(listing['monthlyRevenue']),
    churn: amountOf(listing['churn']),
    referencePrice: undefined,
    rank: amountOf(listing['rank']),
    observed: readObservation(observed),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown, maxLength: number): string {
  return typeof value === 'string' ? value.slice(0, maxLength).toWellFormed() : ''
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

function amountOf(value: unknown): bigint {
  return typeof value === 'string' && /^\d{1,60}$/.test(value) ? BigInt(value) : 0n
}

function queryOf(search: Search): URLSearchParams {
  const { text, tags, curator, hasSample, isCurated, sort, page } = search
  const query = new URLSearchParams({ sort, offset: String((page - 1) * pageSize), limit: String(pageSize) })
  if (text !== '') query.set('text', text)
  for (const tag of tags) query.append('tag', tag)
  if (curator !== '') query.set('curator', curator)
  if (hasSample) query.set('hasSample', 'true')
  if (isCurated) query.set('isCurated', 'true')
  for (const [name, rate] of Object.entries(rateFilter(search))) query.set(name, rate.toString())
  return query
}
