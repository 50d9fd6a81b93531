/** An owner's embeds: signing one, changing it by a higher revision, and bringing it to the relays. */
import { readGrantEpoch, readRevokedGrants, readSubscription } from '@enigma/chain'
import { templatesRootOf, verifyRevision } from '@enigma/crypto'
import { fetchEmbedsOf } from '@enigma/network'
import {
  abilities,
  datasetIdOf,
  type Embed,
  embedIdOf,
  type Grant,
  type GrantLimits,
  type Hex,
  isPaused,
  limits,
  MarketplaceError,
  outranks,
  parseDatasetPath,
  type Revision,
  type Template,
  zeroHash,
} from '@enigma/protocol'
import type { ClientInside } from '../create-marketplace-client.ts'
import { deploymentOf } from '../sessions.ts'
import { contractSignatures } from './contract-signatures.ts'
import { publishEmbed, type PublishOptions } from './publish-embed.ts'

/** What an embed allows; what is left out of a change stays as it was. */
export type EmbedTerms = {
  templates: readonly Template[]
  /** `maxRows` and `maxBytes` of one answer; `perMinute`, `perDay` and `total` count answers of all nodes together. */
  limits: GrantLimits
  /** Web origins that it is for; none for any. */
  origins: readonly string[]
  /** At most 30 days from now. */
  expiresInSeconds: number
  isPaused: boolean
  /** The key of the site's server that mints a grant for each visitor; none where anybody may ask. */
  minter: Hex | undefined
}

export type CreateEmbedParameters = PublishOptions & {
  /** `<curator address>/<name>`; the signer needs a subscription to it. */
  dataset: string
  terms: Pick<EmbedTerms, 'templates' | 'limits' | 'expiresInSeconds'> & Partial<EmbedTerms>
}

export type ReviseEmbedParameters = PublishOptions & {
  embed: Embed
  change: Partial<EmbedTerms>
}

/** Of 12 bytes: with its account, what makes an id. */
const randomBytes = 12

/** Has the wallet sign a new embed and tells the relays; nodes share its budgets evenly. */
export async function createEmbed(
  inside: ClientInside,
  { dataset, terms, ...options }: CreateEmbedParameters,
): Promise<Embed> {
  const { parts, datasets } = inside
  const root = options.signer.address.toLowerCase() as Hex
  const { manifest, id: datasetId } = await datasets.locate(dataset, { signal: options.signal, isNodeNeeded: false })
  const { publicClient, network: deployment } = parts
  const { endSeconds } = await readSubscription({ publicClient, deployment, dataset: datasetId, account: root })
  if (endSeconds <= parts.nowSeconds()) throw noSubscription()
  const signers = [...new Set(manifest.nodes.filter(isPersistence).map((node) => node.signer))]
  if (signers.length === 0) throw new MarketplaceError({ code: 'no-node', message: 'The dataset names no node yet.' })
  const id = embedIdOf(root, crypto.getRandomValues(new Uint8Array(randomBytes)))
  const nodes = signers.map((each) => ({ signer: each, bps: Math.floor(10_000 / signers.length) }))
  const whole = { isPaused: false, origins: [], minter: undefined, ...terms }
  const epoch = await epochOf(parts, root)
  const grant = await toGrant({ root, dataset, id, nodes, revision: 1, epoch, now: parts.nowSeconds(), terms: whole })
  return publishEmbed(inside, { v: 1, dataset, templates: [...terms.templates] }, grant, options)
}

/**
 * Has the wallet sign a higher revision: paused, resumed, narrowed, widened or longer. The snippet stays as it is. It is of
 * the account's present epoch, and so brings an embed back that ended with all grants; throws `grant-revoked` for one that
 * was ended by its id.
 */
export async function reviseEmbed(
  inside: ClientInside,
  { embed, change, ...options }: ReviseEmbedParameters,
): Promise<Embed> {
  const { grant: before } = embed.grant
  const now = inside.parts.nowSeconds()
  // Whatever brought it here: nobody signs on what they did not sign before.
  const deployment = deploymentOf(inside.parts.network)
  await verifyRevision({ embed, deployment, nowSeconds: now, ...contractSignatures(inside.parts) })
  const terms = { ...termsOf(embed, now), ...change }
  const { root, id, nodes } = before
  const revision = before.revision + 1
  const [epoch] = await Promise.all([epochOf(inside.parts, root), requireNotRevoked(inside.parts, before)])
  const grant = await toGrant({ root, dataset: embed.dataset, id, nodes, revision, epoch, now, terms })
  const rest = { v: 1 as const, dataset: embed.dataset, templates: [...terms.templates] }
  return publishEmbed(inside, rest, grant, options)
}

/** The embeds of an account, each in the highest revision that a relay knows; the newest first. */
export async function listEmbeds(
  { connections, parts }: ClientInside,
  { account, signal }: { account: Hex; signal?: AbortSignal | undefined },
): Promise<Embed[]> {
  const relays = connections.relays()
  const asked = await Promise.allSettled(
    relays.map(async (relay) => {
      const connection = await connections.toRelay(relay, { signal })
      const embeds = await fetchEmbedsOf({ connection, account: account.toLowerCase() as Hex, signal })
      return (await Promise.all(embeds.map((embed) => onlySigned(parts, embed)))).flat()
    }),
  )
  if (asked.every(({ status }) => status === 'rejected')) throw failureOf(asked)
  const newest = new Map<Hex, Told>()
  for (const told of asked.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))) {
    const { id } = told.embed.grant.grant
    const known = newest.get(id)
    if (known === undefined || outranks(told, known)) newest.set(id, told)
  }
  const embeds = Array.from(newest.values(), ({ embed }) => embed)
  return embeds.toSorted((a, b) => b.grant.grant.validAfter - a.grant.grant.validAfter)
}

type Told = Revision & { embed: Embed }

/** The embed where its account signed it; a relay's false word is no embed. */
async function onlySigned(parts: ClientInside['parts'], embed: Embed): Promise<Told[]> {
  try {
    const deployment = deploymentOf(parts.network)
    const nowSeconds = parts.nowSeconds()
    const hash = await verifyRevision({ embed, deployment, nowSeconds, ...contractSignatures(parts) })
    return [{ embed, hash, revision: embed.grant.grant.revision }]
  } catch (error) {
    if (error instanceof MarketplaceError) return []
    throw error
  }
}

/** What an embed allows now. */
export function termsOf({ grant: { grant }, templates }: Embed, nowSeconds: number): EmbedTerms {
  return {
    templates,
    limits: grant.limits,
    origins: grant.origin === '' ? [] : grant.origin.split(' '),
    expiresInSeconds: Math.max(0, grant.validUntil - nowSeconds),
    isPaused: isPaused(grant),
    minter: grant.profile === 'open' ? undefined : grant.delegateKey,
  }
}

function noSubscription(): MarketplaceError {
  const message = 'An embed spends its owner’s paid subscription, and this account has none; subscribe first.'
  return new MarketplaceError({ code: 'no-subscription', message })
}

function epochOf({ publicClient, network }: ClientInside['parts'], account: Hex): Promise<number> {
  return readGrantEpoch({ publicClient, deployment: network, account })
}

async function requireNotRevoked({ publicClient, network }: ClientInside['parts'], { root, id }: Grant): Promise<void> {
  const revoked = await readRevokedGrants({ publicClient, deployment: network, account: root, grantIds: [id] })
  if (revoked.length === 0) return
  throw new MarketplaceError({
    code: 'grant-revoked',
    message: 'You ended this embed on chain, which is for ever; make a new one.',
    details: id,
  })
}

function isPersistence({ roles }: { roles: readonly string[] }): boolean {
  return roles.includes('persistence')
}

type ToGrantParameters = Pick<Grant, 'root' | 'id' | 'nodes' | 'revision' | 'epoch'> & {
  dataset: string
  now: number
  terms: EmbedTerms
}

/** A node answers within its share: one whose share is less than one answer would give none. */
function requireShares(bounds: GrantLimits, nodes: Grant['nodes']): void {
  const least = Math.min(...nodes.map(({ bps }) => bps))
  const names = (['perMinute', 'perDay', 'total'] as const).filter((name) => bounds[name] * least < 10_000)
  if (names.length === 0) return
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: `Nodes share an embed's answers; allow at least ${Math.ceil(10_000 / least)}, one for each of them.`,
    details: names.join(', '),
  })
}

async function toGrant({ dataset, now, terms, ...rest }: ToGrantParameters): Promise<Grant> {
  const { templates, origins, expiresInSeconds, isPaused, minter } = terms
  requireShares(terms.limits, rest.nodes)
  const templatesRoot = await templatesRootOf(templates)
  return {
    ...rest,
    ...(minter === undefined ? { profile: 'open', delegateKey: '0x' } : { profile: 'p256', delegateKey: minter }),
    origin: origins.join(' '),
    permissions: [
      { dataset: datasetIdOf(parseDatasetPath(dataset)), abilities: isPaused ? 0 : abilities.embed, templatesRoot },
    ],
    validAfter: now,
    validUntil: now + Math.min(expiresInSeconds, limits.embedSeconds),
    maxRequestSeconds: limits.requestSeconds,
    maxChildren: minter === undefined ? 0 : 1,
    limits: terms.limits,
    parentGrantHash: zeroHash,
  }
}

/** Why no relay did it: what the first one said of the embed, else that none could be reached. */
function failureOf(settled: readonly PromiseSettledResult<unknown>[]): unknown {
  const reasons: unknown[] = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  const telling = reasons.find((each) => each instanceof MarketplaceError && each.code.startsWith('grant-'))
  const [first = new MarketplaceError({ code: 'no-relay', message: 'The network file names no relay.' })] = reasons
  return telling ?? first
}
