/** What the relay's catalogue needs of the chain mirror: the hashes that count, and listings with their rank. */
import type { ChainListing } from '@enigma/catalogue'
import { computeRank, type RankInputs } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'

/** The chain as the catalogue sees it. */
export type CatalogueChain = {
  /** The manifest hash of an open dataset, undefined for a closed or unknown one; throws `chain-unavailable`. */
  metadataHashOf: (dataset: Hex) => Hex | undefined
  /** Every dataset that was ever registered, as of the last change. */
  listings: () => ReadonlyMap<Hex, ChainListing>
  /** Forgets what was read; to be called when the mirror has moved. */
  changed: () => void
}

type MirroredListing = Omit<ChainListing, 'subscribers' | 'monthlyRevenue' | 'churn' | 'rank'>

/** The reads of the chain mirror that a catalogue is made of. */
type ListingReads = {
  datasetOf: (dataset: Hex) => MirroredListing | undefined
  datasets: () => readonly MirroredListing[]
  rankFactorsOf: (dataset: Hex) => Omit<RankInputs, 'referencePrice'> | undefined
}

export type CreateCatalogueChainParameters = {
  mirror: ListingReads
  /** The rank's u, in wei. */
  referencePrice: bigint
  /** A monotonic clock; churn fades, so listings are read again after a minute. */
  nowMs: () => number
}

const maxAgeMs = 60_000

/** Reads listings from a mirror and keeps them until it moves. */
export function createCatalogueChain(parameters: CreateCatalogueChainParameters): CatalogueChain {
  const { mirror, nowMs } = parameters
  let cached: { listings: ReadonlyMap<Hex, ChainListing>; atMs: number } | undefined
  return {
    metadataHashOf(dataset) {
      const listed = mirror.datasetOf(dataset)
      return listed?.closedAt === 0 ? listed.metadataHash : undefined
    },
    listings() {
      if (cached === undefined || nowMs() - cached.atMs > maxAgeMs) {
        const listings = mirror.datasets().map((listed) => toListing(parameters, listed))
        cached = { listings: new Map(listings.map((listing) => [listing.dataset, listing])), atMs: nowMs() }
      }
      return cached.listings
    },
    changed() {
      cached = undefined
    },
  }
}

function toListing({ mirror, referencePrice }: CreateCatalogueChainParameters, listed: MirroredListing): ChainListing {
  const none = { subscribers: 0n, monthlyRevenue: 0n, deposit: listed.deposit, churn: 0n }
  const factors = mirror.rankFactorsOf(listed.dataset) ?? none
  const { dataset, curator, name, metadataHash, publisher, rate, trialSeconds, registeredBlock, closedAt } = listed
  return {
    dataset,
    curator,
    name,
    metadataHash,
    publisher,
    rate,
    trialSeconds,
    registeredBlock,
    closedAt,
    deposit: factors.deposit,
    subscribers: factors.subscribers,
    monthlyRevenue: factors.monthlyRevenue,
    churn: factors.churn,
    rank: computeRank({ ...factors, referencePrice }),
  }
}
