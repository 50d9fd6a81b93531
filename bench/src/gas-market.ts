/** The development chain of the gas bench: gas is free, time is set, and a crowd can subscribe without signing. */
import { approveToken, priceToRate, registerDataset, type DatasetConfig, type MarketplaceWallet } from '@enigma/chain'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { keccak256, maxUint256, parseEther, toHex, type Hex } from 'viem'

export const secondsPerDay = 86_400
export const rate = priceToRate(parseEther('3'))
/** Accounts of anvil: deployer and pool, curator, two more payees, then subscribers. */
export const firstSubscriber = 4
export const accounts = 16

export type GasMarket = TestMarketplace & {
  /** 01:00 UTC of the first day. */
  firstDay: number
  curator: MarketplaceWallet
  config: DatasetConfig
  as: (
    wallet: MarketplaceWallet,
  ) => Pick<TestMarketplace, 'publicClient' | 'deployment'> & { walletClient: MarketplaceWallet }
  /** Sets the time of the next block. */
  passTo: (seconds: number) => Promise<void>
  register: (name: string) => Promise<{ dataset: Hex; gasUsed: bigint }>
}

/** Starts the chain at 01:00 UTC of a day; everyone but the last account gave an unlimited allowance. */
export async function startGasMarket(): Promise<GasMarket> {
  const market = await startMarketplace({
    accounts,
    extraArguments: ['--block-base-fee-per-gas', '0', '--gas-limit', '2000000000', '--auto-impersonate'],
  })
  const as = (walletClient: MarketplaceWallet) => ({
    publicClient: market.publicClient,
    deployment: market.deployment,
    walletClient,
  })
  const passTo = async (seconds: number) => {
    await market.testClient.setNextBlockTimestamp({ timestamp: BigInt(seconds) })
    await market.testClient.mine({ blocks: 1 })
  }
  const { timestamp } = await market.publicClient.getBlock()
  const firstDay = (Math.floor(Number(timestamp) / secondsPerDay) + 1) * secondsPerDay + 3600
  await passTo(firstDay)
  const curator = market.wallet(1)
  const config = threePayees(market)
  for (const walletClient of market.wallets.slice(0, -1))
    await approveToken({ ...as(walletClient), amount: maxUint256 })
  const register = (name: string) =>
    registerDataset({ ...as(curator), name, rate, deposit: parseEther('50000'), config, trialSeconds: 3600 })
  return { ...market, firstDay, curator, config, as, passTo, register }
}

function threePayees(market: TestMarketplace): DatasetConfig {
  const shares = [8000, 1500, 500]
  const payouts = shares.map((shareBps, index) => ({ payee: market.wallet(index + 1).account.address, shareBps }))
  return { metadataHash: keccak256(toHex('manifest')), publisher: market.wallet(1).account.address, payouts }
}
