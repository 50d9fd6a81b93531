/** Takes embeds: of accounts that subscribe to their dataset, signed by their wallets, and of each id the highest revision. */
import { verifyEmbed } from '@enigma/crypto'
import type { EmbedSource } from '@enigma/network'
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
}

export type EmbedDesk = Pick<EmbedSource, 'embedOf' | 'embedsOf'> & {
  /**
   * Verifies and keeps; throws `grant-invalid`, `grant-expired`, `grant-superseded`, `no-subscription`,
   * `limit-too-high`.
   */
  accept: (embed: Embed) => Promise<{ isNew: boolean }>
}

const acceptsPerDrop = 256

/** Creates the desk. */
export function createEmbedDesk({ store, deployment, accessOf, nowSeconds }: EmbedDeskParts): EmbedDesk {
  let sinceDrop = 0
  return {
    embedOf: store.embedOf,
    embedsOf: store.embedsOf,
    async accept(embed) {
      const { grant } = embed.grant
      if (embedRootOf(grant.id) !== grant.root) throw otherAccount()
      const known = store.embedOf(grant.id)
      if (known !== undefined && isSame(known, embed)) return { isNew: false }
      requireHigher(known, embed)
      if (known === undefined) requirePlace({ store, accessOf, nowSeconds }, embed)
      await verifyEmbed({ embed, deployment, nowSeconds: nowSeconds() })
      // Another revision may have come while this one was verified.
      requireHigher(store.embedOf(grant.id), embed)
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
function requirePlace({ store, accessOf, nowSeconds }: Omit<EmbedDeskParts, 'deployment'>, embed: Embed): void {
  const { root } = embed.grant.grant
  const access = accessOf({ dataset: datasetIdOf(parseDatasetPath(embed.dataset)), account: root })
  if (access === undefined || Math.max(access.paidEnd, access.trialEnd) <= nowSeconds()) {
    const message = 'Embeds are kept for subscribers of their dataset; subscribe first, then publish the embed again.'
    throw new MarketplaceError({ code: 'no-subscription', message })
  }
  if (store.count(root) < limits.embedsPerAccount) return
  const message = `This relay keeps ${limits.embedsPerAccount} embeds of an account; let one of them end first.`
  throw new MarketplaceError({ code: 'limit-too-high', message })
}

function otherAccount(): MarketplaceError {
  return new MarketplaceError({ code: 'grant-invalid', message: 'The id of an embed names the account that signs it.' })
}
