/**
 * Sessions: a wallet signs once, and a key of this client signs every query from then on (DESIGN §6), until its grant is
 * over or its account has ended it on chain.
 */
import { readGrantEpoch, readRevokedGrants } from '@enigma/chain'
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
/** `grantId`: what the account names on chain to end this session. */
export type AuthorizeReturnType = { account: Hex; grantId: Hex; expiresAtSeconds: number; isNew: boolean }

/**
 * Makes or reuses a session for the signer's account; the wallet is asked only when there is none that lasts. The chain
 * tells which epoch it has to be of, and whether the account has ended the stored one; throws `chain-unavailable`.
 */
export async function authorize(
  parts: ClientParts,
  { signer, expiresInSeconds = defaultSessionSeconds, datasets }: AuthorizeParameters,
): Promise<AuthorizeReturnType> {
  const { network, keys, publicClient } = parts
  const account = signer.address.toLowerCase() as Hex
  const stored = datasets === undefined ? await findLasting(parts, account) : undefined
  const chain = { publicClient, deployment: network, account }
  const grantIds = stored === undefined ? [] : [stored.id]
  const [epoch, revoked] = await Promise.all([readGrantEpoch(chain), readRevokedGrants({ ...chain, grantIds })])
  if (stored?.epoch === epoch && revoked.length === 0) {
    return { account, grantId: stored.id, expiresAtSeconds: stored.validUntil, isNew: false }
  }
  const key = await createSessionKey({ extractable: keys.needsExtractableKeys })
  const now = parts.nowSeconds()
  const grant = sessionGrant({ account, key, epoch, now, expiresInSeconds, datasets: datasets ?? [zeroHash] })
  const signature = await signer.signTypedData(grantTypedData(grant, deploymentOf(network)))
  await keys.put(sessionIdOf(network, account), { key, grant: { grant, signature: signature.toLowerCase() as Hex } })
  return { account, grantId: grant.id, expiresAtSeconds: grant.validUntil, isNew: true }
}

/** The grant of a stored session that need not be renewed yet. */
async function findLasting({ network, keys, nowSeconds }: ClientParts, account: Hex): Promise<Grant | undefined> {
  const grant = (await findSession({ network, keys }, account))?.grant.grant
  return grant !== undefined && grant.validUntil > nowSeconds() + renewBeforeSeconds ? grant : undefined
}

/** The stored session of an account, however old. */
export async function findSession(
  { network, keys }: Pick<ClientParts, 'network' | 'keys'>,
  account: Hex,
): Promise<Session | undefined> {
  return keys.get(sessionIdOf(network, account))
}

/** Deletes the session of an account here; what its key was granted ends with the grant, or when the account ends it. */
export async function forgetSession({ network, keys }: Pick<ClientParts, 'network' | 'keys'>, account: Hex) {
  await keys.delete(sessionIdOf(network, account))
}

/** The running session of an account; throws `no-session`. */
export async function requireSession({ network, keys, nowSeconds }: ClientParts, account: Hex): Promise<Session> {
  const session = await findSession({ network, keys }, account)
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
  epoch: number
  now: number
  expiresInSeconds: number
  datasets: readonly Hex[]
}

function sessionGrant({ account, key, epoch, now, expiresInSeconds, datasets }: SessionGrantParameters): Grant {
  return {
    root: account,
    delegateKey: key.publicKey,
    profile: 'p256',
    origin: '',
    permissions: datasets.map((dataset) => ({ dataset, abilities: abilities.query, templatesRoot: zeroHash })),
    nodes: [],
    id: bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
    revision: 0,
    epoch,
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
