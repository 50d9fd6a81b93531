/** Reads one account's subscription and trial. */
import type { Hex } from 'viem'
import { toChainError } from './explain-revert.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import type { ReadParameters } from './types.ts'

export type ReadSubscriptionParameters = ReadParameters & { dataset: Hex; account: Hex }

/** A subscription as stored, all zero when there is none, with the trial and what leaving now would pay. */
export type ReadSubscriptionReturnType = {
  startSeconds: number
  /** A UTC midnight, from which there is no access any more. */
  endSeconds: number
  /** Wei per second of the last period that was paid. */
  rate: bigint
  /** Highest rate at which it may be renewed; zero for never. */
  maxRate: bigint
  /** Wei per second of the period before the last renewal; it runs until `endSeconds` − 30 days. */
  previousRate: bigint
  /** Unix second; 0 when no trial was ever started. */
  trialEndSeconds: number
  refund: bigint
}

/** The account's subscription to a dataset. */
export async function readSubscription(parameters: ReadSubscriptionParameters): Promise<ReadSubscriptionReturnType> {
  const { publicClient, deployment, dataset, account } = parameters
  const contract = { address: deployment.marketplace, abi: marketplaceAbi, args: [dataset, account] } as const
  try {
    const [stored, trialEndSeconds, refund] = await Promise.all([
      publicClient.readContract({ ...contract, functionName: 'subscriptionOf' }),
      publicClient.readContract({ ...contract, functionName: 'trialEndOf' }),
      publicClient.readContract({ ...contract, functionName: 'refundOf' }),
    ])
    const { start, end, rate, maxRate, previousRate } = stored
    return { startSeconds: start, endSeconds: end, rate, maxRate, previousRate, trialEndSeconds, refund }
  } catch (error) {
    throw toChainError(error)
  }
}
