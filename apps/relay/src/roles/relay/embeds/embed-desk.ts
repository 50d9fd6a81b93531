/** Takes embeds: of accounts that subscribe to their dataset, signed by their wallets, and of each id the highest revision. */
import { verifyEmbed, verifyRevision } from '@enigma/crypto'
import { createRateLimiter, type EmbedSource } from '@enigma/network'
import {
  datasetIdOf,
  type Deployment,
  type Embed,
  embedRootOf,
  encodeEmbed,
  equalBytes,
  type Hex,
  limits,
  MarketplaceError,
  parseDatasetPath,
} from '@enigma/protocol'
import type { EmbedStore } from './embed-store.ts'

export type EmbedDeskParts = {
  store: EmbedStore
  deployment: Deployment
  /** Ends of the account's paid time and trial, as of the chain mirror's head. */
  accessOf: (parameters: { dataset: Hex; account: Hex }) => { paidEnd: number; trialEnd: number } | undefined
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
}

export type EmbedDesk = Pick<EmbedSource, 'bytesOf' | 'bytesOfAccount'> & {
  embedOf: EmbedStore['embedOf']
  /**
   * Verifies and keeps; throws `grant-invalid`, `grant-expired`, `grant-superseded`, `no-subscription`,
   * `limit-too-high`, `busy`. A revision of what is known may have ended already: it ends those before it.
   */
  accept: (embed: Embed) => Promise<{ isNew: boolean }>
}

const acceptsPerDrop = 256
/** Revisions of one account's embeds, each signed by its wallet and told to every relay. */
const revisionsPerSecond = 0.5
const revisionsBurst = 60

/** Creates the desk. */
export function createEmbedDesk({ store, deployment, accessOf, nowSeconds, nowMs }: EmbedDeskParts): EmbedDesk {
  let sinceDrop = 0
  const rate = createRateLimiter({ perSecond: revisionsPerSecond, burst: revisionsBurst, nowMs })
  const requirePlaceFor = (embed: Embed) => requirePlace({ store, accessOf, nowSeconds }, embed)
  return {
    embedOf: store.embedOf,
    bytesOf: store.bytesOf,
    bytesOfAccount: store.bytesOfAccount,
    async accept(embed) {
      const { grant } = embed.grant
      if (embedRootOf(grant.id) !== grant.root) throw otherAccount()
      const known = store.embedOf(grant.id)
      if (known !== undefined && isSame(known, embed)) return { isNew: false }
      requireHigher(known, embed)
      if (known === undefined) requirePlaceFor(embed)
      const verify = known === undefined ? verifyEmbed : verifyRevision
      await verify({ embed, deployment, nowSeconds: nowSeconds() })
      // Others may have come while this one was verified.
      const present = store.embedOf(grant.id)
      requireHigher(present, embed)
      if (present === undefined) requirePlaceFor(embed)
      if (!rate.take(grant.root)) throw tooOften()
      if (++sinceDrop >= acceptsPerDrop) {
        store.dropEnded(nowSeconds())
        sinceDrop = 0
      }
      store.put(embed)
      return { isNew: true }
    },
  }
}

function isSame(a: Embed, b: Embed): boolean {
  return equalBytes(encodeEmbed(a), encodeEmbed(b))
}

function requireHigher(known: Embed | undefined, { grant: { grant } }: Embed): void {
  if (known === undefined || known.grant.grant.revision < grant.revision) return
  throw new MarketplaceError({
    code: 'grant-superseded',
    message: 'A revision of this embed with this number or a higher one is known; fetch it and go on from there.',
    details: `revision ${known.grant.grant.revision}`,
  })
}

/** A new id takes room for weeks: it is kept for subscribers, and for each only so many. */
function requirePlace(
  { store, accessOf, nowSeconds }: Pick<EmbedDeskParts, 'store' | 'accessOf' | 'nowSeconds'>,
  embed: Embed,
): void {
  const { root } = embed.grant.grant
  const access = accessOf({ dataset: datasetIdOf(parseDatasetPath(embed.dataset)), account: root })
  if (access === undefined || access.paidEnd <= nowSeconds()) {
    const message = 'Embeds are kept for those who pay for their dataset; subscribe first, then publish it again.'
    throw new MarketplaceError({ code: 'no-subscription', message })
  }
  const { embeds, bytes } = store.held(root)
  if (embeds < limits.embedsPerAccount && bytes < limits.embedBytesPerAccount) return
  const most = `${limits.embedsPerAccount} embeds and ${limits.embedBytesPerAccount / 1024 ** 2} MiB of an account`
  const message = `This relay keeps ${most}, until 30 days after their ends; change one of them instead.`
  throw new MarketplaceError({ code: 'limit-too-high', message })
}

function tooOften(): MarketplaceError {
  return new MarketplaceError({
    code: 'busy',
    message: 'This account changes its embeds too often; wait a few seconds.',
  })
}

function otherAccount(): MarketplaceError {
  return new MarketplaceError({ code: 'grant-invalid', message: 'The id of an embed names the account that signs it.' })
}
