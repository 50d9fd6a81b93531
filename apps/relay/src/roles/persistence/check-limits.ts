/** Row, byte and time limits of a query against its dataset, its grants and its access (DESIGN §6). Pure. */
import { templateUnknown } from '@enigma/crypto'
import {
  abilities,
  type Grant,
  type Hex,
  limits as wireLimits,
  type Manifest,
  MarketplaceError,
  type Query,
  zeroHash,
} from '@enigma/protocol'
import type { AccessTier } from './check-access.ts'
import type { PersistenceLimits } from './persistence-limits.ts'

export type CheckLimitsParameters = {
  query: Query
  manifest: Manifest
  /** The grants of the chain, root first; empty for a sample. */
  grants: readonly Grant[]
  tier: AccessTier | 'sample'
  limits: Pick<PersistenceLimits, 'trialRows' | 'sampleRows'>
}

/** Refuses a query that asks for more than it may have: `limit-too-high`, or `unconfirmed` while blocks are missing. */
export function checkLimits({ query, manifest, grants, tier, limits }: CheckLimitsParameters): void {
  if (tier === 'unconfirmed' && query.maxRows > limits.trialRows) {
    throw new MarketplaceError({
      code: 'unconfirmed',
      message: `The subscription is not confirmed yet; until then ask for at most ${limits.trialRows} rows, or wait.`,
    })
  }
  const bounds = [
    { rows: manifest.limits.maxRows, why: 'the dataset allows' },
    ...grants.map((grant) => ({ rows: grant.limits.maxRows, why: 'the grant allows' })),
    ...(query.template === undefined ? [] : [{ rows: query.template.terms.maxRows, why: 'the template allows' }]),
    ...(tier === 'trial' ? [{ rows: limits.trialRows, why: 'a trial allows' }] : []),
    ...(tier === 'sample' ? [{ rows: limits.sampleRows, why: 'a free sample allows' }] : []),
  ]
  const rows = bounds.reduce((least, bound) => (bound.rows < least.rows ? bound : least))
  if (query.maxRows > rows.rows) throw tooHigh(`Ask for fewer rows: ${rows.why} ${rows.rows} in one answer.`)
  const bytes = Math.min(wireLimits.bytesPerQuery, ...grants.map((grant) => grant.limits.maxBytes))
  if (query.maxBytes > bytes) throw tooHigh(`Ask for fewer bytes: the grant allows ${bytes} in one answer.`)
  const seconds = Math.min(...grants.map((grant) => grant.maxRequestSeconds))
  if (query.expiresAt - query.issuedAt > seconds) {
    throw tooHigh(`Sign the query for a shorter time: the grant allows ${seconds} seconds.`)
  }
}

export type CheckNodeGrantsParameters = {
  grants: readonly Grant[]
  dataset: Hex
  signer: Hex
  /** What the query's SQL is proven to be a template under; undefined for SQL of one's own. */
  templatesRoot: Hex | undefined
}

/** Refuses grants that do not hold at this node, or that do not allow the query's SQL. */
export function checkNodeGrants({ grants, dataset, signer, templatesRoot }: CheckNodeGrantsParameters): void {
  for (const grant of grants) {
    if (grant.nodes.length > 0 && !grant.nodes.some((node) => node.signer === signer)) {
      throw new MarketplaceError({
        code: 'grant-invalid',
        message: 'The grant does not name this node; ask one of the nodes it names.',
      })
    }
    const permissions = grant.permissions.filter((one) => one.dataset === dataset || one.dataset === zeroHash)
    if (templatesRoot !== undefined) {
      if (permissions.some((one) => one.templatesRoot === templatesRoot && allowsEmbed(one))) continue
      throw templateUnknown('another root')
    }
    if (!permissions.some((one) => one.templatesRoot === zeroHash && (one.abilities & abilities.query) !== 0)) {
      throw new MarketplaceError({
        code: 'grant-widened',
        message: 'The grant allows named templates only, not SQL of your own.',
      })
    }
  }
}

function allowsEmbed({ abilities: bits }: Grant['permissions'][number]): boolean {
  return (bits & abilities.embed) !== 0
}

/** The basis points of a grant's budgets that this node may spend: all of them when the grant names no nodes. */
export function shareBps(grant: Grant, signer: Hex): number {
  if (grant.nodes.length === 0) return 10_000
  return grant.nodes.find((node) => node.signer === signer)?.bps ?? 0
}

function tooHigh(message: string): MarketplaceError {
  return new MarketplaceError({ code: 'limit-too-high', message })
}
