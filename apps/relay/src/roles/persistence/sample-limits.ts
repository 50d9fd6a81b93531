/** Limits of what is free, samples and probes apart, by peer, address and dataset, in windows of one minute (DESIGN §6). */
import { remoteGroup } from '@enigma/network'
import { type Hex, MarketplaceError } from '@enigma/protocol'
import type { PersistenceLimits } from './persistence-limits.ts'

/** Who is at the other end of the connection, a relay or the asker itself, as `RemotePeer` of shared/network. */
export type Caller = { peerId: string; address: string }

export type FreeLimiter = {
  /** Counts one query; throws when there were too many. Nothing is given back: even a refused one costs work. */
  take(parameters: { dataset: Hex; caller: Caller; nowSeconds: number }): void
}

type SampleBounds = Pick<PersistenceLimits, 'samplesPerPeer' | 'samplesPerAddress' | 'samplesPerDataset'>
type ProbeBounds = Pick<PersistenceLimits, 'probesPerPeer' | 'probesPerAddress' | 'probesPerDataset'>

/** Creates the counters of free samples; more are `sample-limited`. */
export function createSampleLimiter({ limits }: { limits: SampleBounds }): FreeLimiter {
  const { samplesPerPeer: perPeer, samplesPerAddress: perAddress, samplesPerDataset: perDataset } = limits
  return createFreeLimiter({ perPeer, perAddress, perDataset, refuse: samplesUsed })
}

/** Creates the counters of probes; more are `rate-limited`. */
export function createProbeLimiter({ limits }: { limits: ProbeBounds }): FreeLimiter {
  const { probesPerPeer: perPeer, probesPerAddress: perAddress, probesPerDataset: perDataset } = limits
  return createFreeLimiter({ perPeer, perAddress, perDataset, refuse: probesUsed })
}

type CreateFreeLimiterParameters = {
  perPeer: number
  perAddress: number
  perDataset: number
  refuse: (retrySeconds: number) => MarketplaceError
}

/** The counters hold one entry for each caller of the present minute, at most what datasets admit. */
function createFreeLimiter({ perPeer, perAddress, perDataset, refuse }: CreateFreeLimiterParameters): FreeLimiter {
  let minute = 0
  const counts = new Map<string, number>()
  return {
    take({ dataset, caller, nowSeconds }) {
      const now = Math.floor(nowSeconds / 60)
      if (now !== minute) counts.clear()
      minute = now
      const keys = [
        { key: `dataset ${dataset}`, limit: perDataset },
        { key: `peer ${caller.peerId}`, limit: perPeer },
        { key: `address ${remoteGroup(caller.address)}`, limit: perAddress },
      ]
      if (keys.some(({ key, limit }) => (counts.get(key) ?? 0) >= limit)) throw refuse(60 - (nowSeconds % 60))
      for (const { key } of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
    },
  }
}

function samplesUsed(retrySeconds: number): MarketplaceError {
  return new MarketplaceError({
    code: 'sample-limited',
    message: 'Too many free sample queries in this minute; wait for the next one, or subscribe.',
    details: `again in ${retrySeconds} s`,
  })
}

function probesUsed(retrySeconds: number): MarketplaceError {
  return new MarketplaceError({
    code: 'rate-limited',
    message: `This node was asked how it is often enough in this minute; ask again in ${retrySeconds} s.`,
  })
}
