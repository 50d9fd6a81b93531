/** The order of the catalogue: higher rank first, then the older registration, then the id, so that it is total. */
import type { ChainListing } from './catalogue-entry.ts'

type Ranked = Pick<ChainListing, 'dataset' | 'rank' | 'registeredBlock'>

/** Compares two listings for a sort; negative when `a` comes first. */
export function compareRank(a: Ranked, b: Ranked): number {
  if (a.rank !== b.rank) return a.rank > b.rank ? -1 : 1
  if (a.registeredBlock !== b.registeredBlock) return a.registeredBlock - b.registeredBlock
  return compareText(a.dataset, b.dataset)
}

/** Compares by code units: the same everywhere, whatever the locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Whether listings stand in rank order, as a client checks a page by chain values. */
export function isInRankOrder(listings: readonly Ranked[]): boolean {
  return listings.every((listing, index) => {
    const next = listings[index + 1]
    return next === undefined || compareRank(listing, next) < 0
  })
}
