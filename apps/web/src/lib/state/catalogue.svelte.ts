/**
 * The ranked list. The first page comes from the relay that serves this site, at once and unproven; the SDK then asks two
 * relays and the chain, and what it verified replaces it. What differs is shown, not hidden.
 */
import type { DiscoverParameters } from '@enigma/client'
import { tick } from 'svelte'
import type { RelayDisagreement } from '#lib/discover/disagreements.ts'
import type { Search } from '#lib/discover/search-url.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { app } from './app.svelte.ts'
import { type CatalogueItem, pageSize, rateFilter, toCatalogueItem } from './catalogue-item.ts'
import { connectivity } from './connectivity.svelte.ts'
import { readCatalogue } from './read-catalogue.ts'
import { toShownError } from './to-shown-error.ts'

class CatalogueState {
  items = $state.raw<readonly CatalogueItem[]>()
  total = $state(0)
  /** Whether the shown items were checked against the chain. */
  isVerified = $state(false)
  /** Whether a newer search than the shown one is under way. */
  isSearching = $state(false)
  relaysAnswered = $state(0)
  disagreements = $state.raw<readonly RelayDisagreement[]>([])
  error = $state.raw<ShownError>()
  #running: AbortController | undefined
  #hasPainted = false

  /** Searches; a search that is under way is dropped for the new one. */
  async search(search: Search): Promise<void> {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    this.error = undefined
    this.isVerified = false
    this.isSearching = true
    const first = this.#showFirst(search, running.signal)
    try {
      // The client is large: it comes after the first rows, not before them.
      if (!this.#hasPainted) await first
      await tick()
      this.#hasPainted = true
      await this.#showVerified(search, running.signal)
      connectivity.report()
    } catch (error) {
      await first
      if (running.signal.aborted) return
      this.error = toShownError(error)
      this.isSearching = false
      connectivity.report(this.error.code)
    }
  }

  /** Drops what is under way. */
  stop(): void {
    this.#running?.abort()
  }

  async #showFirst(search: Search, signal: AbortSignal): Promise<void> {
    try {
      const page = await readCatalogue(search, signal)
      if (page === undefined || signal.aborted || this.isVerified) return
      this.items = page.items
      this.total = page.total
      this.disagreements = []
      this.isSearching = false
    } catch {
      // Not every origin that serves this site is a relay; the verified answer follows either way.
    }
  }

  async #showVerified(search: Search, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const client = await app.client()
    const found = await client.discover({ ...toParameters(search), signal })
    if (signal.aborted) return
    this.items = found.entries.map(toCatalogueItem)
    this.total = found.total
    this.disagreements = found.disagreements
    this.relaysAnswered = found.relaysAnswered
    this.isVerified = true
    this.isSearching = false
  }
}

export const catalogue = new CatalogueState()

function toParameters(search: Search): DiscoverParameters {
  const { text, tags, curator, hasSample, isCurated, sort, page } = search
  return {
    ...{ sort, offset: (page - 1) * pageSize, limit: pageSize, ...rateFilter(search) },
    ...(text === '' ? {} : { text }),
    ...(tags.length === 0 ? {} : { tags }),
    // The search holds an address or nothing.
    ...(curator === '' ? {} : { curator: curator as `0x${string}` }),
    ...(hasSample ? { hasSample } : {}),
    ...(isCurated ? { isCurated } : {}),
  }
}
