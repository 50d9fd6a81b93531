/** Changes the limit up to which a subscription may be renewed. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type SetRenewalLimitParameters = WriteParameters & {
  dataset: Hex
  /** Wei per second, tip included. */
  maxRate: bigint
}
export type SetRenewalLimitReturnType = TransactionResult & { maxRate: bigint }

/** Sets the highest rate at which anyone may renew the caller's running subscription; zero forbids renewals. */
export async function setRenewalLimit(parameters: SetRenewalLimitParameters): Promise<SetRenewalLimitReturnType> {
  const { deployment, dataset, maxRate } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'change the renewal limit',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'setRenewalLimit', args: [dataset, maxRate] }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'RenewalLimitChanged' })
  return { ...toTransactionResult(receipt), maxRate: args.maxRate }
}
