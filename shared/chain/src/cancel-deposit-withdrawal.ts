/** Gives up a requested withdrawal of deposit. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type CancelDepositWithdrawalParameters = WriteParameters & { dataset: Hex }
export type CancelDepositWithdrawalReturnType = TransactionResult & {
  /** The counted deposit in wei. */
  deposit: bigint
}

/** Cancels the withdrawal under way, lapsed or not: its amount counts as deposit again. */
export async function cancelDepositWithdrawal(
  parameters: CancelDepositWithdrawalParameters,
): Promise<CancelDepositWithdrawalReturnType> {
  const { deployment, dataset } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'cancel the withdrawal',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'cancelDepositWithdrawal', args: [dataset] }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'DepositWithdrawalCancelled' })
  return { ...toTransactionResult(receipt), deposit: args.deposit }
}
