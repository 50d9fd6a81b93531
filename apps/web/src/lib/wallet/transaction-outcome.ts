/** What a mined transaction did, out of its receipt: the same words live and after a reload. */
import { engTokenAbi, parseMarketplaceEvents } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import { parseEventLogs, type TransactionReceipt } from 'viem'
import type { TransactionKind, TransactionOutcome } from './transaction.ts'

type Parameters = { kind: TransactionKind; receipt: TransactionReceipt; marketplace: Hex }

/** Undefined where the receipt does not hold the event that this kind of transaction leaves. */
export function outcomeOf({ kind, receipt, marketplace }: Parameters): TransactionOutcome | undefined {
  if (kind === 'allowance') return allowanceOf(receipt, marketplace)
  for (const event of parseMarketplaceEvents({ marketplace, logs: receipt.logs })) {
    if (kind === 'subscribe' && event.name === 'Subscribed') {
      const { rate, start, end } = event.args
      return { kind, charge: rate * BigInt(end - start), endSeconds: end }
    }
    if (kind === 'cancel' && (event.name === 'Unsubscribed' || event.name === 'RefundClaimed')) {
      return { kind, refund: event.args.refund }
    }
    if (kind === 'trial' && event.name === 'TrialStarted') return { kind, endSeconds: event.args.end }
    if (kind === 'renewal' && event.name === 'RenewalLimitChanged') return { kind, maxRate: event.args.maxRate }
    if (kind === 'register' && event.name === 'DatasetRegistered') return { kind, deposit: event.args.deposit }
  }
  return undefined
}

function allowanceOf({ logs }: TransactionReceipt, marketplace: Hex): TransactionOutcome | undefined {
  const approvals = parseEventLogs({ abi: engTokenAbi, eventName: 'Approval', logs })
  const own = approvals.find(({ args }) => args.spender.toLowerCase() === marketplace.toLowerCase())
  return own && { kind: 'allowance', amount: own.args.value }
}
