/** What of a dataset's earnings falls to an account, to the wei as the contract splits them. */
import type { Hex } from 'viem'
import type { Payout } from './types.ts'

const wholeBps = 10_000n

/** Wei of `amount`, the fee already taken off, for `account`; the first payee receives what rounding leaves over. */
export function payeeShare(payouts: readonly Payout[], amount: bigint, account: Hex): bigint {
  let left = amount
  let share = 0n
  for (const { payee, shareBps } of payouts.slice(1)) {
    const part = (amount * BigInt(shareBps)) / wholeBps
    left -= part
    if (isSame(payee, account)) share += part
  }
  const [first] = payouts
  return first !== undefined && isSame(first.payee, account) ? share + left : share
}

/** Wei of `amount` that the pool takes. */
export function feeOf(amount: bigint, feeBps: number): bigint {
  return (amount * BigInt(feeBps)) / wholeBps
}

function isSame(a: Hex, b: Hex): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
