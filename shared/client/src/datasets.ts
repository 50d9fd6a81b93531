/** Datasets as this client believes them, kept for a while. */
import type { DatasetConfigReader } from '@enigma/chain'
import { MarketplaceError } from '@enigma/protocol'
import type { Connections } from './connections.ts'
import { orAborted } from './or-aborted.ts'
import { createSearch, type LocatedDataset, type LocateOptions } from './search-dataset.ts'
import type { AskingParts } from './types.ts'

export type { LocatedDataset } from './search-dataset.ts'

const cacheMs = 30_000

export type Datasets = {
  /**
   * Finds a dataset; `isFresh` bypasses what was found before. Throws `dataset-unknown`, `no-relay`, and `no-node` unless
   * `isNodeNeeded` is false.
   */
  locate: (path: string, options: LocateOptions) => Promise<LocatedDataset>
}

/** Of another caller's search: that it was left says nothing of the dataset; every other failure is this caller's, too. */
function unlessLeft(error: unknown): undefined {
  if (error instanceof MarketplaceError && error.code === 'aborted') return undefined
  throw error
}

/** Creates the cache of located datasets. */
export function createDatasets(
  parts: AskingParts & { readConfig: DatasetConfigReader },
  connections: Connections,
): Datasets {
  const cache = new Map<string, { located: LocatedDataset; atMs: number }>()
  const search = createSearch(parts, connections)
  const keep = async (path: string, options: LocateOptions): Promise<LocatedDataset> => {
    const located = await search(path, options)
    if (located.nodes.length > 0) cache.set(path, { located, atMs: parts.nowMs() })
    return located
  }
  /** The newest search for each path, while it lasts. */
  const underWay = new Map<string, Promise<LocatedDataset>>()
  return {
    async locate(path, { isFresh = false, ...options }) {
      const cached = cache.get(path)
      if (!isFresh && cached !== undefined && parts.nowMs() - cached.atMs < cacheMs) return cached.located
      const other = isFresh ? undefined : underWay.get(path)
      if (other !== undefined) {
        // Whoever began it may leave it, or be content without a node: then this caller searches for itself.
        const located = await orAborted(other.catch(unlessLeft), options.signal)
        if (located !== undefined && located.nodes.length > 0) return located
      }
      const searching = keep(path, options)
      underWay.set(path, searching)
      try {
        return await searching
      } finally {
        if (underWay.get(path) === searching) underWay.delete(path)
      }
    },
  }
}
