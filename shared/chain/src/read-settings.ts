/** Reads what a deployment fixed for ever. */
import type { Hex } from 'viem'
import { lowerCaseHex } from './lower-case-hex.ts'
import { toChainError } from './explain-revert.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import type { ReadParameters } from './types.ts'

/** `minRate` in wei per second, `referencePrice` in wei for 30 days, times in seconds. */
export type MarketplaceSettings = {
  token: Hex
  /** The account that the fee is credited to. */
  pool: Hex
  minRate: bigint
  referencePrice: bigint
  feeBps: number
  disputeWindowSeconds: number
  tipSeconds: number
  tipWindowSeconds: number
}

/** The settings of a deployment. */
export async function readSettings({ publicClient, deployment }: ReadParameters): Promise<MarketplaceSettings> {
  try {
    const settings = await publicClient.readContract({
      address: deployment.marketplace,
      abi: marketplaceAbi,
      functionName: 'settings',
    })
    return lowerCaseHex(settings)
  } catch (error) {
    throw toChainError(error)
  }
}
