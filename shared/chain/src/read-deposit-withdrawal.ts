/** Reads the withdrawal of deposit that is under way. */
import type { Hex } from 'viem'
import { toChainError } from './explain-revert.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import type { ReadParameters } from './types.ts'

/** The contract's `TAKING_SECONDS`: so long a matured withdrawal may be taken. */
const takingSeconds = 2 * 86_400

export type ReadDepositWithdrawalParameters = ReadParameters & { dataset: Hex }

export type ReadDepositWithdrawalReturnType = {
  /** Wei that left the counted deposit. */
  amount: bigint
  /** Unix second from which it can be taken. */
  maturesAtSeconds: number
  /** Unix second from which it can be taken no more, only cancelled. */
  lapsesAtSeconds: number
}

/** The withdrawal, be it waiting, matured or lapsed; undefined when there is none. */
export async function readDepositWithdrawal({
  publicClient,
  deployment,
  dataset,
}: ReadDepositWithdrawalParameters): Promise<ReadDepositWithdrawalReturnType | undefined> {
  try {
    const { amount, maturesAt } = await publicClient.readContract({
      address: deployment.marketplace,
      abi: marketplaceAbi,
      functionName: 'depositWithdrawalOf',
      args: [dataset],
    })
    if (amount === 0n) return undefined
    return { amount, maturesAtSeconds: maturesAt, lapsesAtSeconds: maturesAt + takingSeconds }
  } catch (error) {
    throw toChainError(error)
  }
}
