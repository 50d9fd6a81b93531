/** What a mined subscription says about itself. */
import type { Hex, TransactionReceipt } from 'viem'
import { requireEvent } from './require-event.ts'
import { toTransactionResult } from './send-transaction.ts'

/** Reads the terms of a subscription out of its receipt. */
export function toSubscribeResult({ receipt, marketplace }: { receipt: TransactionReceipt; marketplace: Hex }) {
  const { args } = requireEvent({ receipt, marketplace, name: 'Subscribed' })
  const { start, end, rate, maxRate } = args
  const charge = rate * BigInt(end - start)
  return { ...toTransactionResult(receipt), startSeconds: start, endSeconds: end, rate, maxRate, charge }
}
