/** Pays the subscribers of a closed dataset what they did not use; anyone may. */
import { encodeFunctionData, type Hex } from 'viem'
import { parseMarketplaceEvents } from './events.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type ClaimRefundsParameters = WriteParameters & { dataset: Hex; accounts: readonly Hex[] }
export type ClaimRefundsReturnType = TransactionResult & {
  /** Who was paid how many wei; accounts without a claim are missing. */
  refunds: { account: Hex; refund: bigint }[]
}

/** Claims the refunds of several accounts of a closed dataset. */
export async function claimRefunds(parameters: ClaimRefundsParameters): Promise<ClaimRefundsReturnType> {
  const { deployment, dataset, accounts } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'claim',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'claimRefunds', args: [dataset, accounts] }),
  })
  const events = parseMarketplaceEvents({ marketplace: deployment.marketplace, logs: receipt.logs })
  const refunds = events.flatMap(({ name, args }) =>
    name === 'RefundClaimed' ? [{ account: args.account, refund: args.refund }] : [],
  )
  return { ...toTransactionResult(receipt), refunds }
}
