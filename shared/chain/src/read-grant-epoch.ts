/** Reads the epoch that an account's grants have to be of. */
import type { Hex } from 'viem'
import { toChainError } from './explain-revert.ts'
import { grantRegistryAbi } from './generated/grant-registry.ts'
import type { ReadParameters } from './types.ts'

export type ReadGrantEpochParameters = ReadParameters & { account: Hex }

/** The account's epoch as of the latest block; 0, asking nobody, where the deployment has no registry. */
export async function readGrantEpoch(parameters: ReadGrantEpochParameters): Promise<number> {
  const { publicClient, deployment, account } = parameters
  if (deployment.grantRegistry === undefined) return 0
  try {
    const epoch = await publicClient.readContract({
      address: deployment.grantRegistry,
      abi: grantRegistryAbi,
      functionName: 'epochOf',
      args: [account],
    })
    return Number(epoch)
  } catch (error) {
    throw toChainError(error)
  }
}
