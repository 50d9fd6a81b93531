/** An owner's embed: signed by the wallet, and brought to the relays. */
import { grantTypedData, hashGrant, verifyRevision } from '@enigma/crypto'
import { announceEmbed, fetchEmbed } from '@enigma/network'
import { type Embed, type Grant, type Hex, MarketplaceError, outranks } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import type { ClientInside } from '../create-marketplace-client.ts'
import { pause } from '../pause.ts'
import type { Relay } from '../relay-list.ts'
import { deploymentOf, type GrantSigner } from '../sessions.ts'
import { contractSignatures } from './contract-signatures.ts'
import { requireEmbedSize } from './embed-size.ts'

/** How far a revision came: each relay that took it tells the others, and one that was away asks for it later. */
export type EmbedPublication = {
  /** Relays that keep the revision now. */
  taken: number
  /** Relays that were told. */
  relays: number
  /** Why the others do not keep it. */
  failures: readonly MarketplaceError[]
}

export type PublishOptions = {
  signer: GrantSigner
  /** Told how many relays took the revision. */
  onPublished?: ((publication: EmbedPublication) => void) | undefined
  signal?: AbortSignal | undefined
}

/** How long relays may take to see a subscription that was just mined. */
const withinMs = 20_000
const againMs = 500

/**
 * Has the wallet sign the grant and tells every relay. Throws `setting-invalid` for one that is too large; where no relay
 * takes it, why; and `grant-superseded` where a relay shows a revision that counts before this one.
 */
export async function publishEmbed(
  inside: ClientInside,
  rest: Omit<Embed, 'grant'>,
  grant: Grant,
  { signer, signal, onPublished }: PublishOptions,
): Promise<Embed> {
  const { parts, connections } = inside
  // Nobody is asked to sign what could not be used.
  requireEmbedSize({ ...rest, grant: { grant, signature: `0x${'00'.repeat(65)}` } })
  const signature = await signer.signTypedData(grantTypedData(grant, deploymentOf(parts.network)))
  const embed: Embed = { ...rest, grant: { grant, signature: signature.toLowerCase() as Hex } }
  requireEmbedSize(embed)
  const told = await Promise.allSettled(connections.relays().map((relay) => tell(inside, relay, embed, signal)))
  const failures = told.flatMap((each) => (each.status === 'rejected' ? [toError(each.reason)] : []))
  const superseded = failures.find((each) => each instanceof SupersededError)
  if (superseded !== undefined) throw superseded
  const taken = told.length - failures.length
  if (taken === 0) throw mostTelling(failures)
  onPublished?.({ taken, relays: told.length, failures })
  return embed
}

/** A relay has shown the revision that counts before the one that was told. */
class SupersededError extends MarketplaceError {}

async function tell(inside: ClientInside, relay: Relay, embed: Embed, signal: AbortSignal | undefined): Promise<void> {
  const { parts, connections } = inside
  const deadline = parts.nowMs() + withinMs
  const connection = await connections.toRelay(relay, { signal })
  for (;;) {
    try {
      await announceEmbed({ connection, embed, signal })
      return
    } catch (error) {
      const code = error instanceof MarketplaceError ? error.code : undefined
      if (code === 'grant-superseded') await requireUnsurpassed(inside, connection, embed, signal)
      // The relay has not seen the block of the subscription yet, or has much to do.
      const passes = code === 'no-subscription' || code === 'busy'
      if (!passes || signal?.aborted === true || parts.nowMs() > deadline) throw error
      await pause(againMs, signal)
    }
  }
}

/** A relay's word that another revision counts is worth what it shows. */
async function requireUnsurpassed(
  { parts }: ClientInside,
  connection: Connection,
  { grant: { grant } }: Embed,
  signal: AbortSignal | undefined,
): Promise<void> {
  const other = await fetchEmbed({ connection, id: grant.id, signal })
  if (other === undefined) return
  const deployment = deploymentOf(parts.network)
  const nowSeconds = parts.nowSeconds()
  const hash = await verifyRevision({ embed: other, deployment, nowSeconds, ...contractSignatures(parts) })
  const { revision } = other.grant.grant
  const own = { revision: grant.revision, hash: hashGrant(grant, deployment) }
  if (!outranks({ revision, hash }, own)) return
  throw new SupersededError({
    code: 'grant-superseded',
    message: 'This embed was changed elsewhere meanwhile, and that change counts; look at it, then change it again.',
    details: `revision ${revision}`,
  })
}

function toError(reason: unknown): MarketplaceError {
  if (reason instanceof MarketplaceError) return reason
  const message = 'A relay could not be told of the embed; check the connection, then publish it again.'
  return new MarketplaceError({ code: 'no-relay', message, cause: reason })
}

/** Why no relay took it: what one said of the embed, else what the first one said, else that there is none. */
function mostTelling(failures: readonly MarketplaceError[]): MarketplaceError {
  const telling = failures.find(({ code }) => code.startsWith('grant-') || code === 'no-subscription')
  const none = new MarketplaceError({ code: 'no-relay', message: 'The network file names no relay.' })
  return telling ?? failures[0] ?? none
}
