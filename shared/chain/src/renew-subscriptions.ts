/** Renews subscriptions within the last day before their end; anyone may. */
import { encodeFunctionData, type Hex } from 'viem'
import { parseMarketplaceEvents } from './events.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

/** Why a subscription was left as it was, by the number that the contract emits. */
export const renewalSkipReasons = [
  'not-running',
  'not-due',
  'not-allowed',
  'price-above-limit',
  'deposit-too-low',
  'payment-failed',
] as const
export type RenewalSkipReason = (typeof renewalSkipReasons)[number]

export type RenewSubscriptionsParameters = WriteParameters & { dataset: Hex; accounts: readonly Hex[] }
export type RenewSubscriptionsReturnType = TransactionResult & {
  renewed: { account: Hex; endSeconds: number; rate: bigint; tip: bigint }[]
  skipped: { account: Hex; reason: RenewalSkipReason }[]
  /** Wei that were credited to the caller. */
  tips: bigint
}

/** Renews each subscription that is due, allowed and paid for by 30 days; the others are skipped with a reason. */
export async function renewSubscriptions(
  parameters: RenewSubscriptionsParameters,
): Promise<RenewSubscriptionsReturnType> {
  const { deployment, dataset, accounts } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'renew',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'renew', args: [dataset, accounts] }),
  })
  const result: RenewSubscriptionsReturnType = { ...toTransactionResult(receipt), renewed: [], skipped: [], tips: 0n }
  for (const { name, args } of parseMarketplaceEvents({ marketplace: deployment.marketplace, logs: receipt.logs })) {
    if (name === 'Renewed') {
      result.renewed.push({ account: args.account, endSeconds: args.end, rate: args.rate, tip: args.tip })
    } else if (name === 'RenewalSkipped') {
      result.skipped.push({ account: args.account, reason: toSkipReason(args.reason) })
    } else if (name === 'TipsEarned') {
      result.tips += args.amount
    }
  }
  return result
}

function toSkipReason(reason: number): RenewalSkipReason {
  const text = renewalSkipReasons[reason]
  if (text === undefined) throw new RangeError(`The contract gave the unknown skip reason ${String(reason)}.`)
  return text
}
