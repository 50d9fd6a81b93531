/** What an account paid, got back and will be charged, out of the chain's own events and present values. */
import type { MarketplaceEvent } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'

const periodSeconds = 2_592_000

/** One line of the history; `amount` in wei, negative where it was paid. */
export type HistoryLine = {
  key: string
  path: string
  text: string
  amount: bigint | undefined
  block: number
  /** Unix seconds; undefined for old lines, whose blocks are not read. */
  atSeconds: number | undefined
  transactionHash: Hex
}

/** In wei, both positive. */
export type Spend = { paid: bigint; returned: bigint }

/** An account's event as a line; undefined where it says nothing about its money or access. */
export function toHistoryLine(event: MarketplaceEvent, path: string, atSeconds?: number): HistoryLine | undefined {
  const told = tell(event)
  if (told === undefined) return undefined
  const { transactionHash, blockNumber: block, logIndex } = event
  const [text, amount] = told
  return { key: `${transactionHash}-${logIndex}`, path, text, amount, block, atSeconds, transactionHash }
}

/** What was paid and what came back. */
export function sumSpend(lines: readonly Pick<HistoryLine, 'amount'>[]): Spend {
  const sum: Spend = { paid: 0n, returned: 0n }
  for (const { amount = 0n } of lines) {
    if (amount < 0n) sum.paid -= amount
    else sum.returned += amount
  }
  return sum
}

function tell(event: MarketplaceEvent): [text: string, amount?: bigint] | undefined {
  switch (event.name) {
    case 'Subscribed': {
      const { rate, start, end } = event.args
      return ['Subscribed', -(rate * BigInt(end - start))]
    }
    case 'Renewed':
      return ['Renewed for 30 days', -(event.args.rate * BigInt(periodSeconds) + event.args.tip)]
    case 'RenewalSkipped':
      return [`Not renewed: ${skipReasons[event.args.reason] ?? 'the contract says no why'}`]
    case 'Unsubscribed':
      return ['Cancelled', event.args.refund]
    case 'RefundClaimed':
      return ['Refund of a closed dataset', event.args.refund]
    case 'TrialStarted':
      return ['Trial started']
    case 'RenewalLimitChanged':
      return [event.args.maxRate === 0n ? 'Renewal switched off' : 'Renewal limit changed']
    default:
      return undefined
  }
}

/** In the order of `RenewalSkipReason`. */
const skipReasons: Record<number, string> = {
  0: 'it had ended',
  1: 'it was not due yet',
  2: 'you did not allow it',
  3: 'the price was above your limit',
  4: 'the dataset’s deposit was too low',
  5: 'your balance or allowance did not cover it',
}

export type RenewalPlan = 'renews' | 'off' | 'closed' | 'price-above-limit' | 'funds-missing' | 'allowance-missing'
/** `cost` in wei for the next 30 days, at the price as it is now. */
export type Renewal = { path: string; atSeconds: number; cost: bigint; maxRate: bigint; plan: RenewalPlan }

export type Renewable = {
  path: string
  terms: { rate: bigint; closedAtSeconds: number } | undefined
  subscription: { endSeconds: number; maxRate: bigint } | undefined
}
export type PlanRenewalsParameters = {
  subscriptions: readonly Renewable[]
  /** In wei: what the account holds, and what the marketplace may take of it. */
  held: { token: bigint; allowance: bigint }
  nowSeconds: number
}

/** The running subscriptions by their end, and what happens then; what an earlier one takes a later one has not. */
export function planRenewals({ subscriptions, held, nowSeconds }: PlanRenewalsParameters): Renewal[] {
  let { token, allowance } = held
  const renewals: Renewal[] = []
  const byEnd = subscriptions.toSorted((a, b) => (a.subscription?.endSeconds ?? 0) - (b.subscription?.endSeconds ?? 0))
  for (const { path, terms, subscription } of byEnd) {
    if (terms === undefined || subscription === undefined || subscription.endSeconds <= nowSeconds) continue
    const { maxRate, endSeconds: atSeconds } = subscription
    const cost = terms.rate * BigInt(periodSeconds)
    const plan = planOf({ ...terms, maxRate, cost, token, allowance })
    renewals.push({ path, atSeconds, cost, maxRate, plan })
    if (plan === 'renews') [token, allowance] = [token - cost, allowance - cost]
  }
  return renewals
}

type Given = { rate: bigint; closedAtSeconds: number; maxRate: bigint; cost: bigint; token: bigint; allowance: bigint }

function planOf({ rate, closedAtSeconds, maxRate, cost, token, allowance }: Given): RenewalPlan {
  if (closedAtSeconds > 0) return 'closed'
  if (maxRate === 0n) return 'off'
  if (rate > maxRate) return 'price-above-limit'
  if (token < cost) return 'funds-missing'
  return allowance < cost ? 'allowance-missing' : 'renews'
}
