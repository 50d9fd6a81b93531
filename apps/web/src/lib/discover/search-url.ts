/** What Discover is asked for, as its URL says it: shareable, and walked through by back and forward. */
import { parseEng } from '#lib/format/eng.ts'

export const sorts = ['rank', 'newest', 'price', 'title', 'freshness', 'uptime'] as const
export type Sort = (typeof sorts)[number]

/** `minPrice` and `maxPrice` are ENG a month as typed, empty for none; `curator` is an address or empty; pages count from 1. */
export type Search = {
  text: string
  tags: readonly string[]
  curator: string
  hasSample: boolean
  isCurated: boolean
  minPrice: string
  maxPrice: string
  sort: Sort
  page: number
}

export const emptySearch: Search = {
  text: '',
  tags: [],
  curator: '',
  hasSample: false,
  isCurated: false,
  minPrice: '',
  maxPrice: '',
  sort: 'rank',
  page: 1,
}

/** What relays take at most. */
const maxTextLength = 200
const maxTags = 20
const maxTagLength = 40
const maxPage = 5000

/** Reads a query string; what is no value of its field is left out, for anybody may have written the link. */
export function parseSearch(query: Pick<URLSearchParams, 'get' | 'getAll'>): Search {
  const text = (name: string) => (query.get(name) ?? '').trim()
  const page = Number(query.get('page') ?? 1)
  return {
    text: text('q').slice(0, maxTextLength).toWellFormed(),
    tags: [...new Set(query.getAll('tag'))].filter(isTag).slice(0, maxTags),
    curator: /^0x[0-9a-f]{40}$/.exec(text('curator').toLowerCase())?.[0] ?? '',
    hasSample: query.get('sample') === '1',
    isCurated: query.get('script') === '1',
    minPrice: parsePrice(text('min')),
    maxPrice: parsePrice(text('max')),
    sort: sorts.find((sort) => sort === query.get('sort')) ?? 'rank',
    page: Number.isInteger(page) && page >= 1 && page <= maxPage ? page : 1,
  }
}

/** The address of a search: only what differs from the empty one. */
export function searchHref(search: Search): string {
  const query = new URLSearchParams()
  if (search.text !== '') query.set('q', search.text)
  for (const tag of search.tags) query.append('tag', tag)
  if (search.curator !== '') query.set('curator', search.curator)
  if (search.hasSample) query.set('sample', '1')
  if (search.isCurated) query.set('script', '1')
  if (search.minPrice !== '') query.set('min', search.minPrice)
  if (search.maxPrice !== '') query.set('max', search.maxPrice)
  if (search.sort !== 'rank') query.set('sort', search.sort)
  if (search.page !== 1) query.set('page', String(search.page))
  return query.size === 0 ? '/' : `/?${query}`
}

/** How many conditions narrow the list, the words aside. */
export function countFilters({ tags, curator, hasSample, isCurated, minPrice, maxPrice }: Search): number {
  return tags.length + [curator !== '', hasSample, isCurated, minPrice !== '', maxPrice !== ''].filter(Boolean).length
}

function isTag(tag: string): boolean {
  return tag !== '' && tag.length <= maxTagLength && tag.isWellFormed()
}

function parsePrice(text: string): string {
  return parseEng(text) === undefined ? '' : text
}
