/** Replaces a dataset's terms. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { readDatasetConfig } from './read-dataset-config.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { DatasetConfig, TransactionResult, WriteParameters } from './types.ts'

export type UpdateDatasetParameters = WriteParameters & {
  dataset: Hex
  /** New rate in wei per second; running subscriptions keep theirs until they end. */
  rate: bigint
  config: DatasetConfig
  trialSeconds: number
  /** The present config; found in the dataset's events when absent. */
  oldConfig?: DatasetConfig | undefined
}
export type UpdateDatasetReturnType = TransactionResult & {
  /** The new manifest hash. */
  metadataHash: Hex
}

/** Updates rate, manifest hash, publisher, payees and trial; the present payees are paid to this very second. */
export async function updateDataset(parameters: UpdateDatasetParameters): Promise<UpdateDatasetReturnType> {
  const { deployment, dataset, rate, config, trialSeconds } = parameters
  const oldConfig = parameters.oldConfig ?? (await readDatasetConfig(parameters))
  const args = [dataset, oldConfig, rate, config, trialSeconds] as const
  const receipt = await sendTransaction({
    ...parameters,
    step: 'update',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'update', args }),
  })
  const event = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'DatasetUpdated' })
  return { ...toTransactionResult(receipt), metadataHash: event.args.metadataHash }
}
