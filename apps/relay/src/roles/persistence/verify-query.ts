/**
 * Verifies a query in the order of DESIGN §6, cheap first and nothing asked of the network before the signatures hold:
 * size → decode → window → audience → session signature → grants → subscription and revocation on chain → limits → nonce
 * and budgets, consumed last in one transaction. Every refusal is a `MarketplaceError` with a code of its own.
 */
import { rootOfClaim, templateUnknown, verifyQuerySignature, type VerifyP256 } from '@enigma/crypto'
import {
  decodeQuery,
  decodeSignedQuery,
  type Deployment,
  type Grant,
  type GrantChain,
  type Hex,
  limits as wireLimits,
  type Manifest,
  MarketplaceError,
  probeStatement,
  type Query,
  type SignedQuery,
  zeroHash,
} from '@enigma/protocol'
import { checkTemplateParameters } from '@enigma/query'
import {
  type BudgetBreach,
  type BudgetCharge,
  type BudgetStore,
  grantBudgetKey,
  type Reservation,
} from '../../store/budget-store.ts'
import type { GrantStore } from '../../store/grant-store.ts'
import type { NonceStore } from '../../store/nonce-store.ts'
import type { GroupCommit } from '../../store/group-commit.ts'
import type { ChainView } from './chain-view.ts'
import { type AccessTier, checkAccess, checkHead, noSubscription } from './check-access.ts'
import { checkLimits, checkNodeGrants, shareBps } from './check-limits.ts'
import { checkRevocation } from './check-revocation.ts'
import { checkWindow } from './check-window.ts'
import type { GrantWatch } from './grant-watch.ts'
import type { PersistenceLimits } from './persistence-limits.ts'
import type { Caller, FreeLimiter } from './sample-limits.ts'
import type { GrantVerifier, VerifiedGrants } from './verify-grants.ts'

/** A query as decoded, not yet to be believed. */
export type DecodedQuery = { signedQuery: SignedQuery; query: Query }

/** A query that may run. `settle` gives back what was reserved and not used; it must be called once. */
type VerifiedQuery = {
  query: Query
  tier: AccessTier | 'sample' | 'probe'
  /** Who pays; undefined for a sample and a probe. */
  account: Hex | undefined
  settle: Reservation['settle']
}

/** What verification must know of a dataset that this node serves. */
type ServedDataset = { readonly manifest: Manifest; hasSnapshot(wish: Query['snapshot']): boolean }

export type QueryVerifierParts = {
  deployment: Deployment
  /** This node's signing account: the audience. */
  signer: Hex
  chain: ChainView
  /** Blocks that must follow a subscription before more than trial-sized answers. */
  confirmations: number
  limits: PersistenceLimits
  datasetOf: (dataset: Hex) => ServedDataset | undefined
  verifySignature: VerifyP256
  verifyGrants: GrantVerifier
  /** Of the database of both stores, so that nonce and budgets are one transaction. */
  commits: GroupCommit
  nonces: NonceStore
  budgets: BudgetStore
  /** Revisions of embeds. */
  revisions: GrantStore
  /** Learns of their newer revisions. */
  watch: GrantWatch
  samples: FreeLimiter
  probes: FreeLimiter
  nowSeconds: () => number
  /** Before this, nonces may have been lost: with the machine (see open-database.ts), or where a backup was restored. */
  noncesKnownSinceSeconds: number
}

type VerifyQueryParameters = DecodedQuery & { caller: Caller; signal: AbortSignal }
export type VerifyQuery = (parameters: VerifyQueryParameters) => Promise<VerifiedQuery>

/** Longer than any copy of a query can wait inside `verifyQuery` after it has expired. */
const nonceMarginSeconds = 120

/** Decodes a signed query within its size; throws `unreadable`. */
export function decodeRequest(bytes: Uint8Array): DecodedQuery {
  const signedQuery = decodeSignedQuery(bytes)
  return { signedQuery, query: decodeQuery(signedQuery.query) }
}

/** Creates the verifier of one node. */
export function createQueryVerifier(parts: QueryVerifierParts): VerifyQuery {
  return async ({ signedQuery, query, caller, signal }) => {
    checkTime(parts, query)
    const served = requireServed(parts, query.dataset)
    await checkSignature(parts, signedQuery, query)
    if (query.kind !== 'query') return admitFree({ parts, signedQuery, query, served, caller })
    const { grants, verified } = await checkGrants(parts, signedQuery, query)
    const tier = await checkSubscription({ parts, query, account: verified.root, signal })
    checkRevocation({ chain: parts.chain, account: verified.root, grants })
    // A trial is to look at a dataset, and not to publish it.
    if (tier === 'trial' && query.template !== undefined) throw noSubscription(verified.root)
    checkLimits({ query, manifest: served.manifest, grants, tier, limits: parts.limits })
    requireSnapshot(served, query)
    const embed = embedOf(query, grants, verified)
    if (embed !== undefined) await parts.watch.refresh(embed.grant)
    checkTime(parts, query)
    const charges = chargesOf({ parts, query, grants, verified })
    const reservation = await parts.commits.run(() => {
      requireNewNonce(parts, query, query.grantHash)
      if (embed !== undefined) parts.revisions.require(embed)
      const reserved = reserve(parts, charges, query)
      consumeNonce(parts, query, query.grantHash)
      if (embed !== undefined) parts.revisions.note(embed, parts.nowSeconds())
      return reserved
    })
    return { query, tier, account: verified.root, settle: reservation.settle }
  }
}

function checkTime(parts: QueryVerifierParts, query: Query): void {
  checkWindow({ query, deployment: parts.deployment, signer: parts.signer, nowSeconds: parts.nowSeconds() })
  if (query.issuedAt > parts.noncesKnownSinceSeconds + wireLimits.clockSkewSeconds) return
  throw new MarketplaceError({
    code: 'request-expired',
    message: 'The query is older than what this node remembers of others; sign a new one.',
  })
}

function requireServed({ datasetOf }: QueryVerifierParts, dataset: Hex): ServedDataset {
  const served = datasetOf(dataset)
  if (served !== undefined) return served
  throw new MarketplaceError({
    code: 'dataset-unknown',
    message: 'This node does not serve the dataset; ask a node that its manifest names.',
    details: dataset,
  })
}

function requireSnapshot(served: ServedDataset, query: Query): void {
  if (served.hasSnapshot(query.snapshot)) return
  throw new MarketplaceError({
    code: 'snapshot-unknown',
    message: 'This node does not hold that snapshot; ask for the latest one, or ask another node.',
    details: query.snapshot.kind === 'seq' ? `seq ${query.snapshot.seq}` : 'no snapshot yet',
  })
}

async function checkSignature(parts: QueryVerifierParts, signedQuery: SignedQuery, query: Query): Promise<void> {
  if (await verifyQuerySignature({ signedQuery, query, verify: parts.verifySignature })) return
  throw new MarketplaceError({
    code: 'signature-invalid',
    message: 'The query is not signed by the session key that it names; sign it again.',
  })
}

async function checkGrants(parts: QueryVerifierParts, signedQuery: SignedQuery, query: Query) {
  const chain: GrantChain = signedQuery.grants
  if (chain.length === 0) {
    throw new MarketplaceError({
      code: 'grant-invalid',
      message: 'The query carries no grant; authorize this session.',
    })
  }
  const grants = chain.map(({ grant }) => grant)
  const requireSubscriber = (account: Hex) => {
    if (parts.chain.accessOf({ dataset: query.dataset, account }) === undefined) throw noSubscription(account)
  }
  const verified = await parts.verifyGrants({ query, chain, nowSeconds: parts.nowSeconds(), requireSubscriber })
  const { template, dataset, parameters } = query
  const templatesRoot = await templatesRootOf(query)
  checkNodeGrants({ grants, dataset, signer: parts.signer, templatesRoot })
  if (template !== undefined) checkTemplateParameters(template.terms, parameters)
  return { grants, verified }
}

/** The grant that an embed's owner signed, where the query is a template's. */
function embedOf({ template }: Query, [grant]: readonly Grant[], { grantHashes: [hash] }: VerifiedGrants) {
  if (template === undefined || grant === undefined || hash === undefined) return undefined
  return { grant, hash }
}

/** The root that a template's query is proven to be under; undefined for other queries. */
async function templatesRootOf({ sql, template: claim }: Query): Promise<Hex | undefined> {
  if (claim === undefined) return undefined
  const root = await rootOfClaim({ sql, claim })
  if (root === undefined) throw templateUnknown('no proof')
  return root
}

async function checkSubscription({
  parts,
  query,
  account,
  signal,
}: {
  parts: QueryVerifierParts
  query: Query
  account: Hex
  signal: AbortSignal
}): Promise<AccessTier> {
  const { chain, nowSeconds, limits, confirmations } = parts
  const head = await checkHead({ chain, minBlock: query.minBlock, nowSeconds, limits, signal })
  const { clockToleranceSeconds } = limits
  const now = nowSeconds()
  const { dataset } = query
  return checkAccess({ chain, head, dataset, account, nowSeconds: now, confirmations, clockToleranceSeconds }).tier
}

function chargesOf({
  parts,
  query,
  grants,
  verified,
}: {
  parts: QueryVerifierParts
  query: Query
  grants: readonly Grant[]
  verified: VerifiedGrants
}): BudgetCharge[] {
  const charges = grants.map((grant, index): BudgetCharge => {
    const hash = verified.grantHashes[index]
    if (hash === undefined) throw new TypeError('every grant of a verified chain has its hash')
    const share = shareBps(grant, parts.signer)
    const part = (limit: number) => Number((BigInt(limit) * BigInt(share)) / 10_000n)
    const { perMinute, perDay, total } = grant.limits
    const bounds = { perMinute: part(perMinute), perDay: part(perDay), total: part(total) }
    return {
      // A child counts beside its parent.
      key: index === 0 ? grantBudgetKey(grant) : `grant ${hash}`,
      limits: { ...bounds, bytesPerDay: Number.MAX_SAFE_INTEGER },
      keepUntilSeconds: grant.validUntil,
    }
  })
  const account = {
    key: `account ${verified.root} ${query.dataset}`,
    limits: parts.limits.account,
    keepUntilSeconds: 0,
  }
  return [...charges, account]
}

function reserve(parts: QueryVerifierParts, charges: readonly BudgetCharge[], query: Query): Reservation {
  const reserved = parts.budgets.reserve({ charges, bytes: query.maxBytes, nowSeconds: parts.nowSeconds() })
  if ('settle' in reserved) return reserved
  throw breachError(reserved, parts.nowSeconds())
}

function breachError({ key, bound, limit, retryAtSeconds }: BudgetBreach, nowSeconds: number): MarketplaceError {
  const whose = key.startsWith('grant ') ? 'The grant allows' : 'This node allows an account'
  const what = {
    perMinute: `${limit} queries a minute`,
    perDay: `${limit} queries a day`,
    bytesPerDay: `${limit} bytes a day`,
    total: `${limit} queries in all`,
  }[bound]
  const next = retryAtSeconds === undefined ? 'sign a new grant' : `try again in ${retryAtSeconds - nowSeconds} s`
  return new MarketplaceError({ code: 'rate-limited', message: `${whose} ${what} here; ${next}.` })
}

/** Before anything is written: work of a group commit that throws must have written nothing. */
function requireNewNonce({ nonces }: QueryVerifierParts, query: Query, scope: Hex): void {
  if (!nonces.isUsed({ scope, nonce: query.nonce, keepUntilSeconds: keepUntil(query) })) return
  throw new MarketplaceError({
    code: 'replayed',
    message: 'This query was answered before; sign a new one to ask again.',
  })
}

function consumeNonce({ nonces, nowSeconds }: QueryVerifierParts, query: Query, scope: Hex): void {
  const { nonce } = query
  const isNew = nonces.consume({ scope, nonce, keepUntilSeconds: keepUntil(query), nowSeconds: nowSeconds() })
  if (!isNew) throw new Error('a nonce was used between two statements of one transaction')
}

function keepUntil({ expiresAt }: Query): number {
  return expiresAt + wireLimits.clockSkewSeconds + nonceMarginSeconds
}

async function admitFree(parameters: {
  parts: QueryVerifierParts
  signedQuery: SignedQuery
  query: Query
  served: ServedDataset
  caller: Caller
}): Promise<VerifiedQuery> {
  const { parts, signedQuery, query, served, caller } = parameters
  if (query.grantHash !== zeroHash || signedQuery.grants.length > 0) {
    throw new MarketplaceError({
      code: 'grant-invalid',
      message: 'What is free carries no grant; leave it out.',
    })
  }
  const tier = query.kind === 'probe' ? 'probe' : 'sample'
  if (tier === 'probe') requireProbe(query)
  else checkLimits({ query, manifest: served.manifest, grants: [], tier, limits: parts.limits })
  requireSnapshot(served, query)
  const limiter = tier === 'probe' ? parts.probes : parts.samples
  limiter.take({ dataset: query.dataset, caller, nowSeconds: parts.nowSeconds() })
  const scope = freeScope(query)
  await parts.commits.run(() => {
    requireNewNonce(parts, query, scope)
    consumeNonce(parts, query, scope)
  })
  return { query, tier, account: undefined, settle: () => undefined }
}

/** A probe asks one thing, of the newest snapshot. */
function requireProbe({ sql, parameters, template, snapshot, maxRows }: Query): void {
  const isPlain = sql === probeStatement && parameters.length === 0 && template === undefined
  if (isPlain && snapshot.kind === 'latest' && maxRows <= wireLimits.tables) return
  throw new MarketplaceError({
    code: 'sql-refused',
    message: 'A probe asks how the node is and nothing else; ask rows by a query or as a free sample.',
  })
}

/** The nonce of what is free is unique within its ephemeral key: 32 bytes of the point stand for it. */
function freeScope({ sessionKey }: Query): Hex {
  return `0x${sessionKey.slice(4, 68)}`
}
