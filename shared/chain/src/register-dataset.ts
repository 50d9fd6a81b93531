/** Lists a dataset under the caller's address. */
import { encodeFunctionData, type Hex } from 'viem'
import { ensureAllowance } from './approve-token.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { DatasetConfig, TransactionResult, WriteParameters } from './types.ts'

export type RegisterDatasetParameters = WriteParameters & {
  /** 3 to 31 of `a-z 0-9 _`, first a letter; taken for ever. */
  name: string
  /** Wei per second; the price shown is `rate × 2,592,000`. */
  rate: bigint
  /** Wei to lock; approved here when it is not yet. */
  deposit: bigint
  config: DatasetConfig
  /** Length of the one trial of each account; 0 for none, at most 30 days. */
  trialSeconds: number
}
export type RegisterDatasetReturnType = TransactionResult & { dataset: Hex }

/** Registers a dataset and locks its deposit; returns its permanent id. */
export async function registerDataset(parameters: RegisterDatasetParameters): Promise<RegisterDatasetReturnType> {
  const { deployment, name, rate, deposit, config, trialSeconds } = parameters
  await ensureAllowance({ ...parameters, amount: deposit })
  const args = [name, rate, deposit, config, trialSeconds] as const
  const receipt = await sendTransaction({
    ...parameters,
    step: 'register',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'register', args }),
  })
  const event = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'DatasetRegistered' })
  return { ...toTransactionResult(receipt), dataset: event.args.id }
}
