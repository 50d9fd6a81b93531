/** A development chain with the contracts on it and funded wallets, for tests and benches. */
import {
  defaultSettings,
  deployMarketplace,
  type DeployMarketplaceReturnType,
  type MarketplaceSettings,
  type MarketplaceWallet,
} from '@enigma/chain'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  http,
  parseEther,
  type PublicClient,
  type TestClient,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { startAnvil, type Anvil, type StartAnvilParameters } from './anvil.ts'

const pollingInterval = 20

export type StartMarketplaceParameters = StartAnvilParameters & {
  /** What differs from the default settings. */
  settings?: Partial<Omit<MarketplaceSettings, 'token'>> | undefined
}

export type TestMarketplace = {
  anvil: Anvil
  deployment: DeployMarketplaceReturnType
  publicClient: PublicClient
  testClient: TestClient
  /** One per account of anvil, each with 1,000,000 ENG; the first one deployed and is the pool. */
  wallets: readonly MarketplaceWallet[]
  /** The wallet of an index; throws when there are not so many. */
  wallet: (index: number) => MarketplaceWallet
  stop: () => Promise<void>
}

/** Starts anvil and deploys the contracts with the code that real deployments use. */
export async function startMarketplace(parameters: StartMarketplaceParameters = {}): Promise<TestMarketplace> {
  const anvil = await startAnvil(parameters)
  const options = { chain: foundry, transport: http(anvil.rpcUrl), pollingInterval }
  const publicClient: PublicClient = createPublicClient({ ...options, cacheTime: 0 })
  const wallets = anvil.accounts.map(({ privateKey }) =>
    createWalletClient({ ...options, account: privateKeyToAccount(privateKey) }),
  )
  const wallet = (index: number): MarketplaceWallet => {
    const found = wallets[index]
    if (found === undefined) throw new RangeError(`There are ${wallets.length} wallets, not ${index + 1}.`)
    return found
  }
  const deployer = wallet(0)
  const deployment = await deployMarketplace({
    publicClient,
    walletClient: deployer,
    token: { holders: anvil.accounts.map(({ address }) => ({ account: address, amount: parseEther('1000000') })) },
    settings: { ...defaultSettings({ pool: deployer.account.address }), ...parameters.settings },
  })
  const testClient: TestClient = createTestClient({ ...options, mode: 'anvil' })
  return { anvil, deployment, publicClient, testClient, wallets, wallet, stop: anvil.stop }
}
