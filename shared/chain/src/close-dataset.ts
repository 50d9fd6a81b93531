/** Closes a dataset for ever. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type CloseDatasetParameters = WriteParameters & { dataset: Hex }
export type CloseDatasetReturnType = TransactionResult & {
  /** Unix second. */
  closedAtSeconds: number
}

/** Closes a dataset: earning stops at this second, subscribers may claim what they did not use, the name never reopens. */
export async function closeDataset(parameters: CloseDatasetParameters): Promise<CloseDatasetReturnType> {
  const { deployment, dataset } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'close the dataset',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'close', args: [dataset] }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'DatasetClosed' })
  return { ...toTransactionResult(receipt), closedAtSeconds: args.closedAt }
}
