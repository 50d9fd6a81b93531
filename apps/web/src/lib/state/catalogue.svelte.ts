/**
 * The ranked list. The first page comes from the relay that serves this site, at once and unproven; the SDK then asks two
 * relays and the chain, and what it verified replaces it. What differs is shown, not hidden.
 */
import type { Disagreement } from '@enigma/client'
import type { ShownError } from '#lib/format/shown-error.ts'
import { app } from './app.svelte.ts'
import { toShownError } from './to-shown-error.ts'

export const sorts = ['rank', 'newest', 'price', 'title'] as const
export type Sort = (typeof sorts)[number]
export type CatalogueSearch = { text: string; tags: readonly string[]; sort: Sort; offset: number }

/** A dataset as the list shows it. Amounts in wei, `rate` in wei per second, `rank` with 18 decimals. */
export type CatalogueItem = {
  path: string
  title: string
  excerpt: string
  licence: string
  tags: readonly string[]
  curator: string
  name: string
  tables: number
  columns: number
  nodes: number
  hasSample: boolean
  isCurated: boolean
  rate: bigint
  deposit: bigint
  subscribers: bigint
  monthlyRevenue: bigint
  churn: bigint
  rank: bigint
  trialSeconds: number
}

export const pageSize = 20

class CatalogueState {
  items = $state.raw<readonly CatalogueItem[]>()
  total = $state(0)
  /** Whether the shown items were checked against the chain. */
  isVerified = $state(false)
  relaysAnswered = $state(0)
  disagreements = $state.raw<readonly Disagreement[]>([])
  error = $state.raw<ShownError>()
  #running: AbortController | undefined

  /** Searches; a search that is under way is dropped for the new one. */
  async search(search: CatalogueSearch): Promise<void> {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    this.error = undefined
    this.isVerified = false
    const first = this.#showFirst(search, running.signal)
    try {
      await this.#showVerified(search, running.signal)
    } catch (error) {
      await first
      if (!running.signal.aborted) this.error = toShownError(error)
    }
  }

  async #showFirst(search: CatalogueSearch, signal: AbortSignal): Promise<void> {
    try {
      const response = await fetch(`/catalogue.json?${queryOf(search)}`, { signal })
      if (!response.ok) return
      this.#showUnverified((await response.json()) as HttpPage, signal)
    } catch {
      // Not every origin that serves this site is a relay; the verified answer follows either way.
    }
  }

  #showUnverified(page: HttpPage, signal: AbortSignal): void {
    if (signal.aborted || this.isVerified) return
    this.items = page.entries.map(fromHttp)
    this.total = page.total
  }

  async #showVerified({ text, tags, sort, offset }: CatalogueSearch, signal: AbortSignal): Promise<void> {
    const client = await app.client()
    const found = await client.discover({
      ...(text === '' ? {} : { text }),
      ...(tags.length === 0 ? {} : { tags }),
      ...{ sort, offset, limit: pageSize, signal },
    })
    if (signal.aborted) return
    this.items = found.entries.map(({ path, summary, manifest, ...chain }) => ({
      ...{ path, curator: manifest.curator, name: manifest.name },
      ...summary,
      ...chain,
    }))
    this.total = found.total
    this.disagreements = found.disagreements
    this.relaysAnswered = found.relaysAnswered
    this.isVerified = true
  }
}

export const catalogue = new CatalogueState()

type Amounts = 'rate' | 'deposit' | 'subscribers' | 'monthlyRevenue' | 'churn' | 'rank'
type HttpEntry = {
  listing: Record<Amounts, string> & Pick<CatalogueItem, 'curator' | 'name' | 'trialSeconds'>
  summary: Omit<CatalogueItem, Amounts | 'curator' | 'name' | 'path' | 'trialSeconds'>
}
type HttpPage = { total: number; entries: readonly HttpEntry[] }

function fromHttp({ listing, summary }: HttpEntry): CatalogueItem {
  const { curator, name, trialSeconds } = listing
  return {
    ...summary,
    ...{ curator, name, trialSeconds, path: `${curator}/${name}` },
    rate: BigInt(listing.rate),
    deposit: BigInt(listing.deposit),
    subscribers: BigInt(listing.subscribers),
    monthlyRevenue: BigInt(listing.monthlyRevenue),
    churn: BigInt(listing.churn),
    rank: BigInt(listing.rank),
  }
}

function queryOf({ text, tags, sort, offset }: CatalogueSearch): URLSearchParams {
  const query = new URLSearchParams({ sort, offset: String(offset), limit: String(pageSize) })
  if (text !== '') query.set('text', text)
  for (const tag of tags) query.append('tag', tag)
  return query
}
