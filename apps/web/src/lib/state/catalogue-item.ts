/** A line of the list, whoever told it. */
import type { DiscoveredDataset } from '@enigma/client'
import type { Observation } from '#lib/discover/describe-observation.ts'
import type { Search } from '#lib/discover/search-url.ts'
import { parseEng } from '#lib/format/eng.ts'

export const pageSize = 20

/** Seconds that a price is counted for. */
const monthSeconds = 2_592_000n

/** A dataset as the list shows it. Amounts in wei, `rate` in wei per second, `rank` with 18 decimals. */
export type CatalogueItem = {
  path: string
  title: string
  excerpt: string
  tags: readonly string[]
  curator: string
  name: string
  tables: number
  columns: number
  hasSample: boolean
  isCurated: boolean
  isClosed: boolean
  rate: bigint
  deposit: bigint
  subscribers: bigint
  monthlyRevenue: bigint
  churn: bigint
  /** The deployment's; undefined until the chain was asked. */
  referencePrice: bigint | undefined
  rank: bigint
  /** One relay's word on its nodes, whoever checked the rest; undefined where none has looked. */
  observed: Observation | undefined
}

/** A line of verified values. */
export function toCatalogueItem(found: DiscoveredDataset): CatalogueItem {
  const { path, manifest, summary } = found
  const { title, excerpt, tables, columns, hasSample, isCurated } = summary
  const { rate, deposit, subscribers, monthlyRevenue, churn, referencePrice, rank, observed } = found
  return {
    ...{ path, curator: manifest.curator, name: manifest.name, tags: [...new Set(summary.tags)], isClosed: false },
    ...{ title, excerpt, tables, columns, hasSample, isCurated },
    ...{ rate, deposit, subscribers, monthlyRevenue, churn, referencePrice, rank, observed },
  }
}

/** Prices a month as rates a second: the curator's rate is the rounded-down price, so equal prices give equal rates. */
export function rateFilter({ minPrice, maxPrice }: Search): { minRate?: bigint; maxRate?: bigint } {
  const minimum = parseEng(minPrice)
  const maximum = parseEng(maxPrice)
  return {
    ...(minimum === undefined ? {} : { minRate: minimum / monthSeconds }),
    ...(maximum === undefined ? {} : { maxRate: maximum / monthSeconds }),
  }
}
