/** Takes a matured withdrawal of deposit. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type TakeDepositWithdrawalParameters = WriteParameters & { dataset: Hex }
export type TakeDepositWithdrawalReturnType = TransactionResult & {
  /** Wei that were paid. */
  amount: bigint
}

/** Pays the matured withdrawal to the curator. */
export async function takeDepositWithdrawal(
  parameters: TakeDepositWithdrawalParameters,
): Promise<TakeDepositWithdrawalReturnType> {
  const { deployment, dataset } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'take the deposit',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'takeDepositWithdrawal', args: [dataset] }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'DepositWithdrawalTaken' })
  return { ...toTransactionResult(receipt), amount: args.amount }
}
