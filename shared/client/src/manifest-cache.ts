/** Manifests by the hash that the chain names: the hash is the proof, so one that was verified stays true. */
import { type CatalogueSummary, summariseManifest } from '@enigma/catalogue'
import { verifyManifest } from '@enigma/crypto'
import { fetchManifests } from '@enigma/network'
import { hashManifest, type Hex, type Manifest, MarketplaceError } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { deploymentOf } from './sessions.ts'
import type { ClientParts } from './types.ts'

const maxEntries = 500

export type CachedManifest = { manifest: Manifest; summary: CatalogueSummary }

export type ManifestCache = {
  get: (hash: Hex | undefined) => CachedManifest | undefined
  /** Fetches those that are not known yet from a relay; what does not verify stays unknown. */
  load: (parameters: {
    connection: Connection
    hashes: readonly Hex[]
    signal?: AbortSignal | undefined
  }) => Promise<void>
}

/** Creates an empty cache. */
export function createManifestCache({ network }: Pick<ClientParts, 'network'>): ManifestCache {
  const cache = new Map<Hex, CachedManifest>()
  return {
    get: (hash) => (hash === undefined ? undefined : cache.get(hash)),
    async load({ connection, hashes, signal }) {
      const wanted = new Set(hashes.filter((hash) => !cache.has(hash)))
      if (wanted.size === 0) return
      try {
        for await (const signed of fetchManifests({ connection, hashes: [...wanted], signal })) {
          const hash = hashManifest(signed.manifest)
          if (!wanted.delete(hash)) continue
          const manifest = await verifyManifest({ signed, deployment: deploymentOf(network), expectedHash: hash })
          cache.set(hash, { manifest, summary: summariseManifest(manifest) })
          for (const oldest of cache.keys()) {
            if (cache.size <= maxEntries) break
            cache.delete(oldest)
          }
        }
      } catch (error) {
        // A relay that lists what it cannot show is told apart by what stays unknown; the other relay may have it.
        if (signal?.aborted || !(error instanceof MarketplaceError)) throw error
      }
    },
  }
}
