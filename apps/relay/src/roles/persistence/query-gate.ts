/**
 * How many queries run at once. Places are apart for those that nobody has verified, for subscribers, for free samples
 * and for probes: none of them can take a place from another.
 */
import { createConcurrencyLimiter, remoteGroup } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import type { PersistenceLimits } from './persistence-limits.ts'
import type { Caller } from './sample-limits.ts'

/** Each method takes a place and returns what leaves it; leaving twice counts once. */
export type QueryGate = {
  /** For the time of verification; throws `busy`. */
  enterUnverified: (caller: Caller) => () => void
  /**
   * For a verified query of a subscriber, or of visitors at a subscriber's cost; throws `busy`, or `rate-limited` beyond
   * the places of its asker.
   */
  enterQuery: (asker: string) => () => void
  /** For a verified free sample; throws `busy`. */
  enterSample: (caller: Caller) => () => void
  /** For a verified probe; throws `busy`. */
  enterProbe: (caller: Caller) => () => void
  /** Places taken now, of all kinds. */
  readonly underWay: number
}

type GateLimits = Pick<
  PersistenceLimits,
  | 'maxUnverified'
  | 'maxUnverifiedPerCaller'
  | 'maxQueries'
  | 'maxQueriesPerAccount'
  | 'maxSamples'
  | 'maxSamplesPerCaller'
  | 'maxProbes'
  | 'maxProbesPerCaller'
>

/** Creates the gate of one node. A caller is its network address: other ports and other peerIds are no other caller. */
export function createQueryGate({ limits }: { limits: GateLimits }): QueryGate {
  const unverified = createConcurrencyLimiter({ perKey: limits.maxUnverifiedPerCaller, total: limits.maxUnverified })
  const samples = createConcurrencyLimiter({ perKey: limits.maxSamplesPerCaller, total: limits.maxSamples })
  const probes = createConcurrencyLimiter({ perKey: limits.maxProbesPerCaller, total: limits.maxProbes })
  const queries = createConcurrencyLimiter({ perKey: Infinity, total: limits.maxQueries })
  const accounts = createConcurrencyLimiter({ perKey: limits.maxQueriesPerAccount, total: Infinity })
  return {
    enterUnverified: ({ address }) => unverified.enter(remoteGroup(address)) ?? refuse(busy()),
    enterSample: ({ address }) => samples.enter(remoteGroup(address)) ?? refuse(samplesBusy()),
    enterProbe: ({ address }) => probes.enter(remoteGroup(address)) ?? refuse(busy()),
    enterQuery(asker) {
      const leaveAccount = accounts.enter(asker) ?? refuse(accountFull(limits.maxQueriesPerAccount))
      const leaveQueries = queries.enter('')
      if (leaveQueries === undefined) {
        leaveAccount()
        throw busy()
      }
      return () => {
        leaveAccount()
        leaveQueries()
      }
    },
    get underWay() {
      return unverified.active + queries.active + samples.active + probes.active
    },
  }
}

function refuse(error: MarketplaceError): never {
  throw error
}

function busy(): MarketplaceError {
  return new MarketplaceError({
    code: 'busy',
    message: 'This node is answering as many queries as it can; try again shortly or ask another node.',
  })
}

function samplesBusy(): MarketplaceError {
  return new MarketplaceError({
    code: 'busy',
    message: 'This node is answering as many free samples as it can; try again shortly, or subscribe.',
  })
}

function accountFull(most: number): MarketplaceError {
  return new MarketplaceError({
    code: 'rate-limited',
    message: `An account may run ${most} queries at once here; wait until one has ended.`,
  })
}
