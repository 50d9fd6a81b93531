/** Sends ENG from the caller to another account. */
import { encodeFunctionData, type Hex } from 'viem'
import { engTokenAbi } from './generated/eng-token.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type TransferTokenParameters = WriteParameters & {
  to: Hex
  /** Wei. */
  amount: bigint
}
export type TransferTokenReturnType = TransactionResult

/** Transfers ENG. */
export async function transferToken(parameters: TransferTokenParameters): Promise<TransferTokenReturnType> {
  const { deployment, to, amount } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'transfer',
    to: deployment.token,
    data: encodeFunctionData({ abi: engTokenAbi, functionName: 'transfer', args: [to, amount] }),
  })
  return toTransactionResult(receipt)
}
