/** Ends a subscription. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { parseMarketplaceEvents } from './events.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type UnsubscribeParameters = WriteParameters & { dataset: Hex }
export type UnsubscribeReturnType = TransactionResult & {
  /** Wei that were paid back for the unused seconds. */
  refund: bigint
}

/** Ends the caller's subscription now; of a closed dataset it claims what was not used. */
export async function unsubscribe(parameters: UnsubscribeParameters): Promise<UnsubscribeReturnType> {
  const { deployment, dataset } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'unsubscribe',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'unsubscribe', args: [dataset] }),
  })
  const events = parseMarketplaceEvents({ marketplace: deployment.marketplace, logs: receipt.logs })
  const claimed = events.find((event) => event.name === 'RefundClaimed')
  const { args } = claimed ?? requireEvent({ receipt, marketplace: deployment.marketplace, name: 'Unsubscribed' })
  return { ...toTransactionResult(receipt), refund: args.refund }
}
