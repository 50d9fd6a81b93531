/** Subscribes the caller to a dataset, with an approval first where one is needed. */
import { encodeFunctionData } from 'viem'
import { approveToken } from './approve-token.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { planSubscription, type SubscriptionChoices } from './plan-subscription.ts'
import { sendTransaction } from './send-transaction.ts'
import { toSubscribeResult } from './subscribe-result.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type SubscribeParameters = WriteParameters & SubscriptionChoices
export type SubscribeReturnType = TransactionResult & {
  startSeconds: number
  /** A UTC midnight. */
  endSeconds: number
  /** Wei per second. */
  rate: bigint
  /** Limit for renewals in wei per second; zero for none. */
  maxRate: bigint
  /** Wei that were paid. */
  charge: bigint
}

/** Subscribes until the last UTC midnight within 30 days; works with every wallet, contract accounts included. */
export async function subscribe(parameters: SubscribeParameters): Promise<SubscribeReturnType> {
  const { deployment, dataset, walletClient } = parameters
  const plan = await planSubscription({ ...parameters, account: walletClient.account.address })
  if (plan.newAllowance !== undefined) await approveToken({ ...parameters, amount: plan.newAllowance })
  const args = [dataset, plan.maxRate, plan.autoRenew] as const
  const receipt = await sendTransaction({
    ...parameters,
    step: 'subscribe',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'subscribe', args }),
  })
  return toSubscribeResult({ receipt, marketplace: deployment.marketplace })
}
