/** Reads which of an account's grants it has ended. */
import type { Hex } from 'viem'
import { toChainError } from './explain-revert.ts'
import { grantRegistryAbi } from './generated/grant-registry.ts'
import type { ReadParameters } from './types.ts'

export type ReadRevokedGrantsParameters = ReadParameters & {
  account: Hex
  /** Each costs a request; an account has few grants. */
  grantIds: readonly Hex[]
}

/** Those of the ids that the account has revoked as of the latest block; none where the deployment has no registry. */
export async function readRevokedGrants(parameters: ReadRevokedGrantsParameters): Promise<Hex[]> {
  const { publicClient, deployment, account, grantIds } = parameters
  const { grantRegistry } = deployment
  if (grantRegistry === undefined) return []
  const contract = { address: grantRegistry, abi: grantRegistryAbi, functionName: 'isRevoked' } as const
  try {
    const revoked = await Promise.all(
      grantIds.map((grantId) => publicClient.readContract({ ...contract, args: [account, grantId] })),
    )
    return grantIds.filter((_, index) => revoked[index] === true)
  } catch (error) {
    throw toChainError(error)
  }
}
