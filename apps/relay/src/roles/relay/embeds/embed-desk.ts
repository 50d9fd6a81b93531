/** Takes embeds: of accounts that subscribe to their dataset, signed by their wallets, and of each id the revision that counts. */
import { hashGrant, type VerifyContractSignature, verifyEmbed, verifyRevision } from '@enigma/crypto'
import { createRateLimiter, type EmbedLine, type EmbedSource } from '@enigma/network'
import {
  datasetIdOf,
  type Deployment,
  type Embed,
  embedRootOf,
  type Hex,
  limits,
  MarketplaceError,
  outranks,
  parseDatasetPath,
  type Revision,
} from '@enigma/protocol'
import type { EmbedStore } from './embed-store.ts'

export type EmbedDeskParts = {
  store: EmbedStore
  deployment: Deployment
  /** Ends of the account's paid time and trial, as of the chain mirror's head. */
  accessOf: (parameters: { dataset: Hex; account: Hex }) => { paidEnd: number; trialEnd: number } | undefined
  /** For embeds of smart accounts; asked only of accounts that pay for the dataset, or have an embed here. */
  verifyContractSignature?: VerifyContractSignature | undefined
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
}

export type EmbedDesk = Pick<EmbedSource, 'bytesOf' | 'bytesOfAccount' | 'linesAfter'> & {
  embedOf: EmbedStore['embedOf']
  /**
   * Verifies and keeps; throws `grant-invalid`, `grant-expired`, `grant-superseded`, `no-subscription`,
   * `limit-too-high`, `busy`, `chain-unavailable`. A revision of what is known may have ended already: it ends those before it. One that this
   * relay went and asked for (`isAskedFor`) is passed on to nobody, and counts for no rate.
   */
  accept: (embed: Embed, options?: { isAskedFor?: boolean }) => Promise<{ isNew: boolean }>
  /** Whether an embed that another relay has would be taken here, as far as that relay's word goes. */
  wants: (line: EmbedLine) => boolean
}

const acceptsPerDrop = 256
/** Revisions of one account's embeds, each signed by its wallet and told to every relay. */
const revisionsPerSecond = 0.5
const revisionsBurst = 60

/** Creates the desk. */
export function createEmbedDesk(parts: EmbedDeskParts): EmbedDesk {
  const { store, deployment, verifyContractSignature, nowSeconds, nowMs } = parts
  let sinceDrop = 0
  const rate = createRateLimiter({ perSecond: revisionsPerSecond, burst: revisionsBurst, nowMs })
  return {
    embedOf: store.embedOf,
    bytesOf: store.bytesOf,
    bytesOfAccount: store.bytesOfAccount,
    linesAfter: store.linesAfter,
    async accept(embed, { isAskedFor = false } = {}) {
      const { grant } = embed.grant
      if (embedRootOf(grant.id) !== grant.root) throw otherAccount()
      const told = { revision: grant.revision, hash: hashGrant(grant, deployment) }
      const known = store.revisionOf(grant.id)
      if (known?.hash === told.hash) return { isNew: false }
      requireRank(known, told)
      if (known === undefined) requirePlace(parts, embed)
      const verify = known === undefined ? verifyEmbed : verifyRevision
      await verify({ embed, deployment, verifyContractSignature, nowSeconds: nowSeconds() })
      // Others may have come while this one was verified.
      const present = store.revisionOf(grant.id)
      if (present?.hash === told.hash) return { isNew: false }
      requireRank(present, told)
      if (present === undefined) requirePlace(parts, embed)
      if (!isAskedFor && !rate.take(grant.root)) throw tooOften()
      if (++sinceDrop >= acceptsPerDrop) {
        store.dropEnded(nowSeconds())
        sinceDrop = 0
      }
      if (present === undefined) makeRoom(parts, grant.root)
      store.put(embed, told.hash)
      return { isNew: true }
    },
    wants(line) {
      const known = store.revisionOf(line.id)
      if (known !== undefined) return known.hash !== line.hash && outranks(line, known)
      const account = embedRootOf(line.id)
      return line.validUntil > nowSeconds() && isPaid(parts, line.dataset, account) && hasPlace(parts, account)
    },
  }
}

function requireRank(known: Revision | undefined, told: Revision): void {
  if (known === undefined || outranks(told, known)) return
  throw new MarketplaceError({
    code: 'grant-superseded',
    message: 'A revision of this embed that counts before this one is known; fetch it and go on from there.',
    details: `revision ${known.revision}`,
  })
}

type PlaceParts = Pick<EmbedDeskParts, 'store' | 'accessOf' | 'nowSeconds'>

function isPaid({ accessOf, nowSeconds }: PlaceParts, dataset: Hex, account: Hex): boolean {
  return (accessOf({ dataset, account })?.paidEnd ?? 0) > nowSeconds()
}

/** Beside those that have ended and would make room. */
function hasPlace({ store, nowSeconds }: PlaceParts, account: Hex): boolean {
  const { embeds, bytes } = store.heldOpen(account, nowSeconds())
  return embeds < limits.embedsPerAccount && bytes < limits.embedBytesPerAccount
}

/** A new id takes room for weeks: it is kept for subscribers, and for each only so many. */
function requirePlace(parts: PlaceParts, embed: Embed): void {
  const { root } = embed.grant.grant
  if (!isPaid(parts, datasetIdOf(parseDatasetPath(embed.dataset)), root)) {
    const message = 'Embeds are kept for those who pay for their dataset; subscribe first, then publish it again.'
    throw new MarketplaceError({ code: 'no-subscription', message })
  }
  if (hasPlace(parts, root)) return
  const most = `${limits.embedsPerAccount} embeds and ${limits.embedBytesPerAccount / 1024 ** 2} MiB of an account`
  const message = `This relay keeps ${most} that may still be asked; change one of them instead.`
  throw new MarketplaceError({ code: 'limit-too-high', message })
}

/** Of one account only, and for one that was verified: nobody else’s word drops anything. */
function makeRoom({ store, nowSeconds }: PlaceParts, account: Hex): void {
  const isFull = () => {
    const { embeds, bytes } = store.held(account)
    return embeds >= limits.embedsPerAccount || bytes >= limits.embedBytesPerAccount
  }
  while (isFull() && store.dropEndedOf(account, nowSeconds()));
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
