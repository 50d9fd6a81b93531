/**
 * A chain of a test's own: a fork of the demo's, so that blocks can be held back, dropped and reorganised while others use
 * the demo. The pages still ask for the demo's node; their requests are led to the fork.
 */
import { readDatasetConfig, readDataset, transferToken, updateDataset } from '@enigma/chain'
import { datasetIdOf, type Hex, parseDatasetPath } from '@enigma/protocol'
import { startAnvil } from '@enigma/testing/node'
import type { BrowserContext } from '@playwright/test'
import { createPublicClient, createTestClient, createWalletClient, defineChain, http, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

/** The part of the network file that tests use. */
export type Network = { chainId: number; rpcUrl: string; marketplace: Hex; token: Hex; deploymentBlock: number }
export type ChainClients = ReturnType<typeof createChainClients>

export type OwnChain = ChainClients & {
  network: Network
  /** Gives an account money; amounts in whole ETH and ENG. */
  give: (account: Hex, amounts: { eth?: string; eng?: string }) => Promise<void>
  /** The ENG of an account, in wei. */
  eng: (account: Hex) => Promise<bigint>
  /** Raises the price of a dataset, as its curator would. */
  raisePrice: (path: string, percent: bigint) => Promise<void>
  /** From now on a block comes only when it is asked for. */
  holdBlocks: () => Promise<void>
  stop: () => Promise<void>
}

/** Forks the demo's chain for one test. */
export async function startOwnChain(context: BrowserContext): Promise<OwnChain> {
  const demo = await readNetwork(context)
  const anvil = await startAnvil({ extraArguments: ['--fork-url', demo.rpcUrl, '--no-storage-caching'] })
  const clients = createChainClients(anvil.rpcUrl, demo.chainId)
  const network = { ...demo, rpcUrl: anvil.rpcUrl }
  const common = { publicClient: clients.public, deployment: network }
  const { origin } = new URL(demo.rpcUrl)
  await context.route(
    (url) => url.origin === origin,
    (route) => route.continue({ url: anvil.rpcUrl }),
  )
  const holder = privateKeyToAccount(anvil.accounts[0]?.privateKey ?? '0x')
  return {
    ...clients,
    network,
    stop: anvil.stop,
    async give(account, { eth, eng }) {
      if (eth !== undefined) await clients.test.setBalance({ address: account, value: parseEther(eth) })
      if (eng === undefined) return
      await transferToken({ ...common, walletClient: clients.wallet(holder), to: account, amount: parseEther(eng) })
    },
    eng: (account) => clients.public.readContract({ ...tokenOf(network), args: [account] }),
    async raisePrice(path, percent) {
      const { curator } = parseDatasetPath(path)
      const dataset = datasetIdOf(parseDatasetPath(path))
      const [state, config] = await Promise.all([
        readDataset({ ...common, dataset }),
        readDatasetConfig({ ...common, dataset }),
      ])
      if (state === undefined) throw new Error(`no dataset ${path}`)
      await clients.test.impersonateAccount({ address: curator })
      await clients.test.setBalance({ address: curator, value: parseEther('1') })
      const rate = (state.rate * (100n + percent)) / 100n
      const { trialSeconds } = state
      await updateDataset({ ...common, walletClient: clients.wallet(curator), dataset, rate, config, trialSeconds })
      await clients.test.stopImpersonatingAccount({ address: curator })
    },
    holdBlocks: () => clients.test.setAutomine(false),
  }
}

/** The network of the demo that the tests run against. */
export async function readNetwork(context: BrowserContext): Promise<Network> {
  const response = await context.request.get('/enigma-network.json')
  const file = (await response.json()) as Network & { rpcUrls: string[] }
  const [rpcUrl] = file.rpcUrls
  if (rpcUrl === undefined) throw new Error('the network names no RPC')
  return { ...file, rpcUrl }
}

function tokenOf({ token }: Network) {
  const abi = [
    {
      type: 'function',
      name: 'balanceOf',
      stateMutability: 'view',
      inputs: [{ name: 'account', type: 'address' }],
      outputs: [{ name: '', type: 'uint256' }],
    },
  ] as const
  return { address: token, abi, functionName: 'balanceOf' } as const
}

function createChainClients(rpcUrl: string, chainId: number) {
  const chain = defineChain({
    id: chainId,
    name: 'demo',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const options = { chain, transport: http(rpcUrl), cacheTime: 0, pollingInterval: 50 } as const
  return {
    public: createPublicClient(options),
    test: createTestClient({ ...options, mode: 'anvil' }),
    wallet: (account: Parameters<typeof createWalletClient>[0]['account'] & {}) =>
      createWalletClient({ ...options, account }),
  }
}
