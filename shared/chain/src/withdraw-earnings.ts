/** Pays the caller its credited balance. */
import { encodeFunctionData } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type WithdrawEarningsParameters = WriteParameters
export type WithdrawEarningsReturnType = TransactionResult & {
  /** Wei that were paid. */
  amount: bigint
}

/** Withdraws all that is credited to the caller. */
export async function withdrawEarnings(parameters: WithdrawEarningsParameters): Promise<WithdrawEarningsReturnType> {
  const { deployment } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'withdraw',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'withdraw' }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'Withdrawn' })
  return { ...toTransactionResult(receipt), amount: args.amount }
}
