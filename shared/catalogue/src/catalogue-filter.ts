/** What a page may be narrowed to. A relay applies it; a client applies it again to the chain's values and the manifest. */
import type { Hex } from '@enigma/protocol'
import type { CatalogueEntry } from './catalogue-entry.ts'

/** Every condition that is present must hold. Rates in wei per second, both ends included. */
export type CatalogueFilter = {
  /** Tags that a dataset must have, all of them. */
  tags?: readonly string[] | undefined
  curator?: Hex | undefined
  /** Only datasets with free sample rows. */
  hasSample?: true | undefined
  /** Only datasets that a script keeps fresh. */
  isCurated?: true | undefined
  minRate?: bigint | undefined
  maxRate?: bigint | undefined
}

type Filterable = {
  listing: Pick<CatalogueEntry['listing'], 'curator' | 'rate'>
  summary: Pick<CatalogueEntry['summary'], 'tags' | 'hasSample' | 'isCurated'>
}

/** Whether a dataset meets every condition. */
export function matchesFilter({ listing, summary }: Filterable, filter: CatalogueFilter): boolean {
  const { tags = [], curator, hasSample, isCurated, minRate, maxRate } = filter
  return (
    tags.every((tag) => summary.tags.includes(tag)) &&
    (curator === undefined || listing.curator === curator) &&
    (hasSample === undefined || summary.hasSample) &&
    (isCurated === undefined || summary.isCurated) &&
    (minRate === undefined || listing.rate >= minRate) &&
    (maxRate === undefined || listing.rate <= maxRate)
  )
}
