/**
 * Searches for manifests that are not here: a few at once, each dataset on its own, again after growing pauses. Anyone may
 * list a dataset whose manifest nobody has; it must cost the others nothing.
 */
import type { Hex } from '@enigma/protocol'

/** Searches at once. */
const maxRunning = 8
const firstPauseMs = 1_000
const longestPauseMs = 120_000

export type WantedManifest = { dataset: Hex; metadataHash: Hex; changedBlock: number }

export type ManifestSearchesParts = {
  /** Finds one manifest and keeps it. */
  search: (wanted: WantedManifest, signal: AbortSignal) => Promise<void>
  /** A monotonic clock. */
  nowMs: () => number
  onError: (error: unknown) => void
}

export type ManifestSearches = {
  /** Searches for these and no others, as far as their time has come; called again and again. */
  want: (manifests: readonly WantedManifest[]) => void
  stop: () => Promise<void>
}

type Search = {
  wanted: WantedManifest
  failures: number
  notBeforeMs: number
  running: AbortController | undefined
}

/** Creates the searches; none runs before it is wanted. */
export function createManifestSearches({ search, nowMs, onError }: ManifestSearchesParts): ManifestSearches {
  const searches = new Map<Hex, Search>()
  /** Also those that are wanted no more and have not ended yet. */
  const open = new Set<Promise<void>>()
  let isStopped = false

  const run = async (each: Search, end: AbortController) => {
    try {
      await search(each.wanted, end.signal)
      each.failures = 0
    } catch (error) {
      if (end.signal.aborted) return
      each.failures++
      onError(error)
    }
    each.notBeforeMs = nowMs() + Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, each.failures - 1))
    each.running = undefined
    startDue()
  }
  const start = (each: Search) => {
    each.running = new AbortController()
    const done = run(each, each.running).finally(() => open.delete(done))
    open.add(done)
  }
  const startDue = () => {
    if (isStopped) return
    const all = [...searches.values()]
    const free = maxRunning - all.filter(({ running }) => running !== undefined).length
    const due = all.filter(({ running, notBeforeMs }) => running === undefined && notBeforeMs <= nowMs())
    for (const each of due.sort(byHope).slice(0, Math.max(0, free))) start(each)
  }
  return {
    want(manifests) {
      const hashes = new Map(manifests.map(({ dataset, metadataHash }) => [dataset, metadataHash]))
      for (const [dataset, { wanted, running }] of searches) {
        if (hashes.get(dataset) === wanted.metadataHash) continue
        running?.abort()
        searches.delete(dataset)
      }
      for (const wanted of manifests) {
        if (searches.has(wanted.dataset)) continue
        searches.set(wanted.dataset, { wanted, failures: 0, notBeforeMs: 0, running: undefined })
      }
      startDue()
    },
    async stop() {
      isStopped = true
      for (const { running } of searches.values()) running?.abort()
      await Promise.all(open)
    },
  }
}

/** The never tried before the often tried, of those the newest: nobody waits behind what cannot be found. */
function byHope(a: Search, b: Search): number {
  return a.failures - b.failures || b.wanted.changedBlock - a.wanted.changedBlock
}
