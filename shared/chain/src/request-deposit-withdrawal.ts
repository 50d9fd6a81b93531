/** Starts to take out deposit of a dataset. */
import { encodeFunctionData, type Hex } from 'viem'
import { marketplaceAbi } from './generated/marketplace.ts'
import { requireEvent } from './require-event.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type RequestDepositWithdrawalParameters = WriteParameters & {
  dataset: Hex
  /** Wei, at most the counted deposit. */
  amount: bigint
}
export type RequestDepositWithdrawalReturnType = TransactionResult & {
  /** The counted deposit that is left, in wei. */
  deposit: bigint
  /** Unix second from which it can be taken. */
  maturesAtSeconds: number
  /** Unix second from which it can be taken no more. */
  lapsesAtSeconds: number
}

/** Requests a withdrawal: the amount stops counting at once, matures after the dispute window and lapses two days later. */
export async function requestDepositWithdrawal(
  parameters: RequestDepositWithdrawalParameters,
): Promise<RequestDepositWithdrawalReturnType> {
  const { deployment, dataset, amount } = parameters
  const receipt = await sendTransaction({
    ...parameters,
    step: 'request the deposit',
    to: deployment.marketplace,
    data: encodeFunctionData({
      abi: marketplaceAbi,
      functionName: 'requestDepositWithdrawal',
      args: [dataset, amount],
    }),
  })
  const { args } = requireEvent({ receipt, marketplace: deployment.marketplace, name: 'DepositWithdrawalRequested' })
  return {
    ...toTransactionResult(receipt),
    deposit: args.deposit,
    maturesAtSeconds: args.maturesAt,
    lapsesAtSeconds: args.lapsesAt,
  }
}
