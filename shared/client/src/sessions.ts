/** Sessions: a wallet signs once, and a key of this client signs every query from then on (DESIGN §6). */
import { createSessionKey, grantTypedData, type SessionKey, type TypedData } from '@enigma/crypto'
import {
  abilities,
  type Deployment,
  type Grant,
  type Hex,
  limits,
  MarketplaceError,
  type NetworkFile,
  zeroHash,
} from '@enigma/protocol'
import { bytesToHex } from 'viem'
import type { Authority, ClientParts, Session } from './types.ts'

const defaultSessionSeconds = limits.grantSessionSeconds - 3600
/** A session this close to its end is renewed by `authorize`. */
const renewBeforeSeconds = 3600

/** One who signs typed data as an account: a viem account or wallet client. */
export type GrantSigner = { address: Hex; signTypedData: (typedData: TypedData) => Promise<Hex> }

export type AuthorizeParameters = {
  signer: GrantSigner
  /** At most 7 days. */
  expiresInSeconds?: number
  /** Only these dataset ids; all of the account's when absent. */
  datasets?: readonly Hex[]
}
export type AuthorizeReturnType = { account: Hex; expiresAtSeconds: number; isNew: boolean }

/** Makes or reuses a session for the signer's account; the wallet is asked only when there is none that lasts. */
export async function authorize(
  { network, keys, nowSeconds }: ClientParts,
  { signer, expiresInSeconds = defaultSessionSeconds, datasets }: AuthorizeParameters,
): Promise<AuthorizeReturnType> {
  const account = signer.address.toLowerCase() as Hex
  const id = sessionIdOf(network, account)
  const stored = await keys.get(id)
  const now = nowSeconds()
  if (stored !== undefined && datasets === undefined && stored.grant.grant.validUntil > now + renewBeforeSeconds) {
    return { account, expiresAtSeconds: stored.grant.grant.validUntil, isNew: false }
  }
  const key = await createSessionKey({ extractable: keys.needsExtractableKeys })
  const grant = sessionGrant({ account, key, now, expiresInSeconds, datasets: datasets ?? [zeroHash] })
  const signature = await signer.signTypedData(grantTypedData(grant, deploymentOf(network)))
  await keys.put(id, { key, grant: { grant, signature: signature.toLowerCase() as Hex } })
  return { account, expiresAtSeconds: grant.validUntil, isNew: true }
}

/** Deletes the session of an account here; what its key was granted ends with the grant. */
export async function forgetSession({ network, keys }: Pick<ClientParts, 'network' | 'keys'>, account: Hex) {
  await keys.delete(sessionIdOf(network, account))
}

/** The running session of an account; throws `no-session`. */
export async function requireSession({ network, keys, nowSeconds }: ClientParts, account: Hex): Promise<Session> {
  const session = await keys.get(sessionIdOf(network, account))
  if (session !== undefined && session.grant.grant.validUntil > nowSeconds()) return session
  throw new MarketplaceError({
    code: 'no-session',
    message: 'There is no running session of the account here: its wallet has to sign once (`authorize`).',
    details: account,
  })
}

/** By what an account's queries are asked: its running session; throws `no-session`. */
export async function authorityOf(parts: ClientParts, account: Hex): Promise<Authority> {
  const { key, grant } = await requireSession(parts, account)
  return { key, grants: [grant] }
}

/** The deployment of a network file. */
export function deploymentOf({ chainId, marketplace }: Deployment): Deployment {
  return { chainId, marketplace }
}

function sessionIdOf({ chainId, marketplace }: NetworkFile, account: Hex): string {
  return `${chainId}:${marketplace}:${account.toLowerCase()}`
}

type SessionGrantParameters = {
  account: Hex
  key: SessionKey
  now: number
  expiresInSeconds: number
  datasets: readonly Hex[]
}

function sessionGrant({ account, key, now, expiresInSeconds, datasets }: SessionGrantParameters): Grant {
  return {
    root: account,
    delegateKey: key.publicKey,
    profile: 'p256',
    origin: '',
    permissions: datasets.map((dataset) => ({ dataset, abilities: abilities.query, templatesRoot: zeroHash })),
    nodes: [],
    id: bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
    revision: 0,
    epoch: 0,
    validAfter: now,
    validUntil: now + Math.min(expiresInSeconds, limits.grantSessionSeconds),
    maxRequestSeconds: limits.requestSeconds,
    maxChildren: 0,
    limits: {
      maxRows: limits.rowsPerQuery,
      maxBytes: limits.bytesPerQuery,
      perMinute: 6000,
      perDay: 1_000_000,
      total: 100_000_000,
    },
    parentGrantHash: zeroHash,
  }
}
