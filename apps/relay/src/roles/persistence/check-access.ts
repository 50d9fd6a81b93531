/** Whether an account may query a dataset, by the mirrored chain (DESIGN §6 Access). Fails closed. */
import { type Hex, limits, MarketplaceError } from '@enigma/protocol'
import type { AccountAccess, ChainHead, ChainView } from './chain-view.ts'
import type { PersistenceLimits } from './persistence-limits.ts'

/** `trial`: rows are capped because it is a trial; `unconfirmed`: because the subscription is too young. */
export type AccessTier = 'paid' | 'trial' | 'unconfirmed'

/** When access ends, in Unix seconds, and how far it goes. */
export type Access = { tier: AccessTier; endsAtSeconds: number }

export type CheckHeadParameters = {
  chain: ChainView
  minBlock: number
  nowSeconds: () => number
  limits: Pick<PersistenceLimits, 'blockWaitMs' | 'maxBlocksAhead' | 'maxHeadAgeSeconds'>
  signal: AbortSignal
}

/**
 * Waits a little for `minBlock` and returns a head that is fit to decide by; throws `chain-unavailable`, `clock-skew`
 * or `chain-behind`.
 */
export async function checkHead(parameters: CheckHeadParameters): Promise<ChainHead> {
  const { chain, minBlock, nowSeconds, limits: bounds, signal } = parameters
  let head = requireFreshHead(chain.head, nowSeconds(), bounds.maxHeadAgeSeconds)
  if (head.number >= minBlock) return head
  if (minBlock - head.number <= bounds.maxBlocksAhead) {
    await chain.waitForBlock({ number: minBlock, timeoutMs: bounds.blockWaitMs, signal })
    head = requireFreshHead(chain.head, nowSeconds(), bounds.maxHeadAgeSeconds)
    if (head.number >= minBlock) return head
  }
  throw new MarketplaceError({
    code: 'chain-behind',
    message: 'This node has not seen the block that the query names yet; try again in a few seconds.',
    details: `block ${head.number} of ${minBlock}`,
  })
}

function requireFreshHead(head: ChainHead | undefined, nowSeconds: number, maxAgeSeconds: number): ChainHead {
  if (head === undefined || nowSeconds - head.timestamp > maxAgeSeconds) {
    throw new MarketplaceError({
      code: 'chain-unavailable',
      message: 'This node has lost sight of the chain and answers nobody until it is back; ask another node.',
      details: head === undefined ? 'no block yet' : `newest block ${nowSeconds - head.timestamp} s old`,
    })
  }
  if (head.timestamp > nowSeconds + limits.clockSkewSeconds) {
    throw new MarketplaceError({
      code: 'clock-skew',
      message: 'The clock of this node is behind the chain and it answers nobody until it is set; ask another node.',
      details: `${head.timestamp - nowSeconds} s`,
    })
  }
  return head
}

export type CheckAccessParameters = {
  chain: ChainView
  head: ChainHead
  dataset: Hex
  account: Hex
  nowSeconds: number
  confirmations: number
  clockToleranceSeconds: number
}

/**
 * The account's access: it holds iff `end > max(head time, own clock − tolerance)` and the dataset is open. Throws
 * `dataset-unknown`, `no-subscription` or `subscription-ended`.
 */
export function checkAccess(parameters: CheckAccessParameters): Access {
  const { chain, head, dataset, account, nowSeconds, confirmations, clockToleranceSeconds } = parameters
  const listed = chain.datasetOf(dataset)
  if (listed === undefined) {
    throw new MarketplaceError({
      code: 'dataset-unknown',
      message: 'No dataset of this id is listed on chain; check the path.',
      details: dataset,
    })
  }
  const time = Math.max(head.timestamp, nowSeconds - clockToleranceSeconds)
  const access = chain.accessOf({ dataset, account })
  if (access === undefined || (access.paidEnd === 0 && access.trialEnd === 0)) {
    throw noSubscription(account)
  }
  const tier = tierOf(access, time, listed.closedAt)
  if (tier === undefined) throw endedError(access, listed.closedAt)
  const endsAtSeconds = tier === 'paid' ? access.paidEnd : access.trialEnd
  const confirmed = head.number - access.sinceBlock >= confirmations
  return { tier: tier === 'paid' && !confirmed ? 'unconfirmed' : tier, endsAtSeconds }
}

/** The refusal of an account that has no subscription and no trial. */
export function noSubscription(account: Hex): MarketplaceError {
  return new MarketplaceError({
    code: 'no-subscription',
    message: 'This account has no subscription to the dataset; subscribe and query again.',
    details: account,
  })
}

function tierOf(access: AccountAccess, time: number, closedAt: number): 'paid' | 'trial' | undefined {
  if (closedAt !== 0) return undefined
  if (access.paidEnd > time) return 'paid'
  return access.trialEnd > time ? 'trial' : undefined
}

function endedError(access: AccountAccess, closedAt: number): MarketplaceError {
  if (closedAt !== 0) {
    const message = 'The dataset was closed by its curator; claim back what you paid for the time after.'
    return new MarketplaceError({ code: 'subscription-ended', message, details: isoTime(closedAt) })
  }
  return new MarketplaceError({
    code: 'subscription-ended',
    message: 'The subscription or trial of this account has ended; subscribe again to go on.',
    details: isoTime(Math.max(access.paidEnd, access.trialEnd)),
  })
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
