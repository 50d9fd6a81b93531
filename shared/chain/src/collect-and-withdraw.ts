/** Collects a dataset's earnings and pays the caller its credited balance, in one transaction. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { readDatasetConfig } from './read-dataset-config.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { DatasetConfig, TransactionResult, WriteParameters } from './types.ts'

export type CollectAndWithdrawParameters = WriteParameters & {
  dataset: Hex
  /** The present config; found in the dataset's events when absent. */
  config?: DatasetConfig | undefined
}
export type CollectAndWithdrawReturnType = TransactionResult & {
  /** Wei that were paid to the caller. */
  amount: bigint
}

/** Collects, then withdraws. */
export async function collectAndWithdraw(
  parameters: CollectAndWithdrawParameters,
): Promise<CollectAndWithdrawReturnType> {
  const { deployment, dataset } = parameters
  const config = parameters.config ?? (await readDatasetConfig(parameters))
  const receipt = await sendTransaction({
    ...parameters,
    step: 'collect and withdraw',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'collectAndWithdraw', args: [dataset, config] }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'Withdrawn' })
  return { ...toTransactionResult(receipt), amount: args.amount }
}
