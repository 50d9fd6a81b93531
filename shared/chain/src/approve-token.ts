/** Lets the marketplace take ENG from the caller. */
import { encodeFunctionData } from 'viem'
import { engTokenAbi } from './generated/eng-token.ts'
import { readBalances } from './read-balances.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type ApproveTokenParameters = WriteParameters & {
  /** Wei; replaces the present allowance. */
  amount: bigint
}
export type ApproveTokenReturnType = TransactionResult

/** Sets the marketplace's allowance. */
export async function approveToken(parameters: ApproveTokenParameters): Promise<ApproveTokenReturnType> {
  const { deployment, amount } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'approve',
    to: deployment.token,
    data: encodeFunctionData({ abi: engTokenAbi, functionName: 'approve', args: [deployment.marketplace, amount] }),
  })
  return toTransactionResult(receipt)
}

/** Raises the allowance by `amount` when it does not cover it; what stands for renewals is left for them. */
export async function ensureAllowance(parameters: ApproveTokenParameters): Promise<void> {
  const { walletClient, amount } = parameters
  const { allowance } = await readBalances({ ...parameters, account: walletClient.account.address })
  if (allowance < amount) await approveToken({ ...parameters, amount: allowance + amount })
}
