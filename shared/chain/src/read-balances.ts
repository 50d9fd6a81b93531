/** Reads what an account holds. */
import type { Hex } from 'viem'
import { toChainError } from './explain-revert.ts'
import { engTokenAbi } from './generated/eng-token.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import type { ChainClientParameters } from './types.ts'

export type ReadBalancesParameters = ChainClientParameters & { account: Hex }

/** All in wei. */
export type ReadBalancesReturnType = {
  /** For gas. */
  eth: bigint
  /** ENG in the account. */
  token: bigint
  /** ENG credited by the marketplace and not yet withdrawn. */
  credited: bigint
  /** ENG that the marketplace may take. */
  allowance: bigint
}

/** An account's ETH, ENG, credited earnings and allowance to the marketplace. */
export async function readBalances(parameters: ReadBalancesParameters): Promise<ReadBalancesReturnType> {
  const { publicClient, deployment, account } = parameters
  const token = { address: deployment.token, abi: engTokenAbi } as const
  try {
    const [eth, held, credited, allowance] = await Promise.all([
      publicClient.getBalance({ address: account }),
      publicClient.readContract({ ...token, functionName: 'balanceOf', args: [account] }),
      publicClient.readContract({
        address: deployment.marketplace,
        abi: marketplaceAbi,
        functionName: 'balanceOf',
        args: [account],
      }),
      publicClient.readContract({ ...token, functionName: 'allowance', args: [account, deployment.marketplace] }),
    ])
    return { eth, token: held, credited, allowance }
  } catch (error) {
    throw toChainError(error)
  }
}
