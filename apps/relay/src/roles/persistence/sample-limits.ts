/** Limits of free sample queries by peer, address and dataset, in windows of one minute (DESIGN §6). */
import { remoteGroup } from '@enigma/network'
import { type Hex, MarketplaceError } from '@enigma/protocol'
import type { PersistenceLimits } from './persistence-limits.ts'

/** Who is at the other end of the connection, a relay or the asker itself, as `RemotePeer` of shared/network. */
export type Caller = { peerId: string; address: string }

export type SampleLimiter = {
  /** Counts one sample query; throws `sample-limited`. Nothing is given back: even a refused one costs work. */
  take(parameters: { dataset: Hex; caller: Caller; nowSeconds: number }): void
}

type Bounds = Pick<PersistenceLimits, 'samplesPerPeer' | 'samplesPerAddress' | 'samplesPerDataset'>

/** Creates the counters; they hold one entry for each caller of the present minute, at most what datasets admit. */
export function createSampleLimiter({ limits }: { limits: Bounds }): SampleLimiter {
  let minute = 0
  const counts = new Map<string, number>()
  return {
    take({ dataset, caller, nowSeconds }) {
      const now = Math.floor(nowSeconds / 60)
      if (now !== minute) counts.clear()
      minute = now
      const keys = [
        { key: `dataset ${dataset}`, limit: limits.samplesPerDataset },
        { key: `peer ${caller.peerId}`, limit: limits.samplesPerPeer },
        { key: `address ${remoteGroup(caller.address)}`, limit: limits.samplesPerAddress },
      ]
      if (keys.some(({ key, limit }) => (counts.get(key) ?? 0) >= limit)) throw limitedError(60 - (nowSeconds % 60))
      for (const { key } of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
    },
  }
}

function limitedError(retrySeconds: number): MarketplaceError {
  return new MarketplaceError({
    code: 'sample-limited',
    message: 'Too many free sample queries in this minute; wait for the next one, or subscribe.',
    details: `again in ${retrySeconds} s`,
  })
}
