/** Adds to a dataset's deposit; anyone may. */
import { encodeFunctionData, type Hex } from 'viem'
import { ensureAllowance } from './approve-token.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type AddDepositParameters = WriteParameters & {
  dataset: Hex
  /** Wei; approved here when it is not yet. */
  amount: bigint
}
export type AddDepositReturnType = TransactionResult & {
  /** The counted deposit in wei. */
  deposit: bigint
}

/** Adds to the deposit of an open dataset. */
export async function addDeposit(parameters: AddDepositParameters): Promise<AddDepositReturnType> {
  const { deployment, dataset, amount } = parameters
  await ensureAllowance(parameters)
  const receipt = await sendTransaction({
    ...parameters,
    step: 'add deposit',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'addDeposit', args: [dataset, amount] }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'DepositAdded' })
  return { ...toTransactionResult(receipt), deposit: args.deposit }
}
