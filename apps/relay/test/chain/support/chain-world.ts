/** The contracts on a development chain of a test's own, and who acts on it. */
import type { MarketplaceWallet } from '@enigma/chain'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import type { Hex } from 'viem'

export const day = 86_400

export const addressOf = (wallet: MarketplaceWallet) => wallet.account.address.toLowerCase() as Hex

export type ChainWorld = {
  market: TestMarketplace
  chain: Pick<TestMarketplace, 'publicClient' | 'deployment'>
  curator: MarketplaceWallet
  subscriber: MarketplaceWallet
  /** A third account. */
  stranger: MarketplaceWallet
  /** What each verb takes besides its own words. */
  as: (walletClient: MarketplaceWallet) => ChainWorld['chain'] & { walletClient: MarketplaceWallet }
  /** Takes the chain back to how it was at the first call. */
  restore: () => Promise<void>
}

export async function startChainWorld(): Promise<ChainWorld> {
  const market = await startMarketplace()
  const chain = { publicClient: market.publicClient, deployment: market.deployment }
  let snapshot: Hex | undefined
  return {
    ...{ market, chain, curator: market.wallet(1), subscriber: market.wallet(2), stranger: market.wallet(3) },
    as: (walletClient) => ({ ...chain, walletClient }),
    async restore() {
      if (snapshot !== undefined) await market.testClient.revert({ id: snapshot })
      snapshot = await market.testClient.snapshot()
    },
  }
}
