/** Reads a dataset's rank and its factors from the contract. */
import type { Hex } from 'viem'
import { toChainError } from './explain-revert.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import type { RankInputs } from './rank.ts'
import type { ReadParameters } from './types.ts'

export type ReadRankParameters = ReadParameters & { dataset: Hex }

/** The rank R with 18 decimals as of the latest block; zero when the dataset is closed or has no revenue. */
export async function rankOf({ publicClient, deployment, dataset }: ReadRankParameters): Promise<bigint> {
  try {
    return await publicClient.readContract({
      address: deployment.marketplace,
      abi: marketplaceAbi,
      functionName: 'rankOf',
      args: [dataset],
    })
  } catch (error) {
    throw toChainError(error)
  }
}

/** The factors of the rank as of the latest block. */
export async function rankInputs({ publicClient, deployment, dataset }: ReadRankParameters): Promise<RankInputs> {
  try {
    return await publicClient.readContract({
      address: deployment.marketplace,
      abi: marketplaceAbi,
      functionName: 'rankInputs',
      args: [dataset],
    })
  } catch (error) {
    throw toChainError(error)
  }
}
