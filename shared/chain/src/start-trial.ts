/** Starts an account's only trial of a dataset. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type StartTrialParameters = WriteParameters & { dataset: Hex }
export type StartTrialReturnType = TransactionResult & {
  /** Unix second at which the trial ends. */
  endSeconds: number
}

/** Starts the caller's only trial of a dataset. */
export async function startTrial(parameters: StartTrialParameters): Promise<StartTrialReturnType> {
  const { deployment, dataset } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'start the trial',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'startTrial', args: [dataset] }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'TrialStarted' })
  return { ...toTransactionResult(receipt), endSeconds: args.end }
}
