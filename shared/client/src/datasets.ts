/** Datasets as this client believes them, kept for a while. */
import type { DatasetConfigReader } from '@enigma/chain'
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
      if (!isFresh) {
        // Whoever began it may leave it, or be content without a node: then this caller searches for itself.
        const other = underWay.get(path)?.catch(() => undefined)
        const located = other && (await orAborted(other, options.signal))
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
