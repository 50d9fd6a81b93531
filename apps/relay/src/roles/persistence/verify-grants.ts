/** Checks of a query's grant chain, remembered: an unchanged chain costs one hash (DESIGN §6 Grant). */
import { hash } from 'node:crypto'
import { type VerifyContractSignature, verifyGrantChain, type VerifyP256 } from '@enigma/crypto'
import {
  abilities,
  type Deployment,
  type GrantChain,
  type Hex,
  limits,
  MarketplaceError,
  type Query,
} from '@enigma/protocol'
import { LruMap } from '../../lru-map.ts'

/** A chain that holds: the account that pays, and the hash of every grant, root first. */
export type VerifiedGrants = { root: Hex; grantHashes: readonly Hex[] }

/** What of a query is held against its grants. */
export type GrantedQuery = Pick<Query, 'dataset' | 'sessionKey' | 'grantHash' | 'template'>

export type GrantVerifier = (parameters: {
  query: GrantedQuery
  chain: GrantChain
  nowSeconds: number
  /** Throws when the account could not query anyway: its contract is then not asked. */
  requireSubscriber: (account: Hex) => void
}) => Promise<VerifiedGrants>

export type GrantVerifierParts = {
  deployment: Deployment
  maxChains: number
  verifySignature: VerifyP256
  /** How long a smart account's answer holds. */
  contractSignatureSeconds: number
  verifyContractSignature?: VerifyContractSignature | undefined
}

/** `delegateKey` is undefined where anybody may use the grant. */
type Remembered = VerifiedGrants & { delegateKey: Hex | undefined; validAfter: number; validUntil: number }

/** Creates the verifier; it throws `grant-invalid`, `grant-expired` or `grant-widened`. */
export function createGrantVerifier(parts: GrantVerifierParts): GrantVerifier {
  const remembered = new LruMap<string, Remembered>({ maxEntries: parts.maxChains })
  return async ({ query, chain, nowSeconds, requireSubscriber }) => {
    const key = hash('sha256', JSON.stringify([query.dataset, abilityOf(query), chain]), 'base64')
    const known = remembered.get(key)
    const fresh = known !== undefined && isWithin(known, nowSeconds)
    const verified = fresh ? known : await verify({ parts, query, chain, nowSeconds, requireSubscriber })
    if (!fresh) remembered.set(key, verified)
    requireOwnGrant(query, verified)
    return verified
  }
}

async function verify(parameters: {
  parts: GrantVerifierParts
  query: GrantedQuery
  chain: GrantChain
  nowSeconds: number
  requireSubscriber: (account: Hex) => void
}): Promise<Remembered> {
  const { parts, query, chain, nowSeconds, requireSubscriber } = parameters
  const askContract = parts.verifyContractSignature
  const contract = { asked: false }
  const { root, delegateKey, grantHashes, last } = await verifyGrantChain({
    chain,
    deployment: parts.deployment,
    nowSeconds,
    dataset: query.dataset,
    ability: abilityOf(query),
    verify: parts.verifySignature,
    ...(askContract === undefined
      ? {}
      : {
          verifyContractSignature: async (request) => {
            requireSubscriber(request.account)
            contract.asked = true
            return askContract(request)
          },
        }),
  })
  const validUntil = Math.min(...chain.map(({ grant }) => grant.validUntil))
  return {
    root,
    delegateKey: last.profile === 'open' ? undefined : delegateKey,
    grantHashes,
    validAfter: Math.max(...chain.map(({ grant }) => grant.validAfter)),
    validUntil: contract.asked ? Math.min(validUntil, nowSeconds + parts.contractSignatureSeconds) : validUntil,
  }
}

/** SQL of one's own, or a template of the grant. */
function abilityOf({ template }: GrantedQuery): number {
  return template === undefined ? abilities.query : abilities.embed
}

function isWithin({ validAfter, validUntil }: Remembered, nowSeconds: number): boolean {
  return nowSeconds + limits.clockSkewSeconds >= validAfter && nowSeconds < validUntil
}

/** The query must name the last grant, and be signed by the key that this grant was given to, if it was given to one. */
function requireOwnGrant(query: GrantedQuery, { delegateKey, grantHashes }: Remembered): void {
  const isHolder = delegateKey === undefined || delegateKey === query.sessionKey
  if (isHolder && grantHashes.at(-1) === query.grantHash) return
  throw new MarketplaceError({
    code: 'grant-invalid',
    message: 'The query does not belong to its grant; sign it with the key that the grant names.',
  })
}
