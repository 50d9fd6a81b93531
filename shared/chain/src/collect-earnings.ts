/** Credits what a dataset has earned to the pool and its payees; anyone may. */
import { encodeFunctionData, type Hex } from 'viem'
import { parseMarketplaceEvents } from './events.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { readDatasetConfig } from './read-dataset-config.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { DatasetConfig, TransactionResult, WriteParameters } from './types.ts'

export type CollectEarningsParameters = WriteParameters & {
  dataset: Hex
  /** The present config; found in the dataset's events when absent. */
  config?: DatasetConfig | undefined
}
export type CollectEarningsReturnType = TransactionResult & {
  /** Wei that were credited, fee included. */
  amount: bigint
  /** Wei of it that went to the pool. */
  fee: bigint
}

/** Collects a dataset's earnings until this second; zero when there are none. */
export async function collectEarnings(parameters: CollectEarningsParameters): Promise<CollectEarningsReturnType> {
  const { deployment, dataset } = parameters
  const config = parameters.config ?? (await readDatasetConfig(parameters))
  const receipt = await sendTransaction({
    ...parameters,
    step: 'collect',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'collect', args: [dataset, config] }),
  })
  const events = parseMarketplaceEvents({ marketplace: deployment.marketplace, logs: receipt.logs })
  const collected = events.find((event) => event.name === 'EarningsCollected')
  return { ...toTransactionResult(receipt), amount: collected?.args.amount ?? 0n, fee: collected?.args.fee ?? 0n }
}
