/** A line of the catalogue: what a manifest says in short, beside the chain's values that prove order and hash (DESIGN §5). */
import type { Hex, Manifest } from '@enigma/protocol'
import type { Observation } from './observation.ts'

/**
 * A dataset as the chain has it. `rate` in wei per second, `deposit` and `monthlyRevenue` in wei, `churn` with 32
 * fractional bits, `rank` with 18 decimals; `registeredBlock` breaks ties, `closedAt` is 0 while it is open.
 */
export type ChainListing = {
  dataset: Hex
  curator: Hex
  name: string
  metadataHash: Hex
  publisher: Hex
  rate: bigint
  deposit: bigint
  subscribers: bigint
  monthlyRevenue: bigint
  churn: bigint
  rank: bigint
  trialSeconds: number
  registeredBlock: number
  closedAt: number
}

/** What the manifest says in short; `excerpt` is the begin of its description. */
export type CatalogueSummary = {
  title: string
  excerpt: string
  licence: string
  tags: string[]
  tables: number
  columns: number
  nodes: number
  hasSample: boolean
  isCurated: boolean
}

/** One line of a page; `observed` is absent where the relay has not looked yet. */
export type CatalogueEntry = { listing: ChainListing; summary: CatalogueSummary; observed?: Observation }

const excerptLength = 300

/** The summary of a manifest. */
export function summariseManifest(manifest: Manifest): CatalogueSummary {
  const { title, description, licence, tags, tables, nodes, sample, script } = manifest
  return {
    title,
    excerpt: description.slice(0, excerptLength).toWellFormed(),
    licence,
    tags,
    tables: tables.length,
    columns: tables.reduce((sum, table) => sum + table.columns.length, 0),
    nodes: nodes.length,
    hasSample: sample.length > 0,
    isCurated: script !== undefined,
  }
}
