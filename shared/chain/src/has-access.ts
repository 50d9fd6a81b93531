/** Asks the contract whether an account may query a dataset. */
import type { Hex } from 'viem'
import { toChainError } from './explain-revert.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import type { ReadParameters } from './types.ts'

export type HasAccessParameters = ReadParameters & { dataset: Hex; account: Hex }

/** Whether the account has a running subscription or trial of an open dataset as of the latest block. */
export async function hasAccess(parameters: HasAccessParameters): Promise<boolean> {
  const { publicClient, deployment, dataset, account } = parameters
  try {
    return await publicClient.readContract({
      address: deployment.marketplace,
      abi: marketplaceAbi,
      functionName: 'hasAccess',
      args: [dataset, account],
    })
  } catch (error) {
    throw toChainError(error)
  }
}
