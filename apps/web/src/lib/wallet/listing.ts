/** What curators do with money: the market's terms, the allowance for a deposit, and the listing itself. */
import {
  type ChainClient,
  approveToken,
  type DatasetConfig,
  hashDatasetConfig,
  type MarketplaceWallet,
  readBalances,
  type ReadBalancesReturnType,
  readDataset,
  type ReadDatasetReturnType,
  readSettings,
  registerDataset,
  type RegisterDatasetParameters,
} from '@enigma/chain'
import { datasetIdOf, type Hex, type NetworkFile, parseDatasetPath } from '@enigma/protocol'
import { requireGas } from './money.ts'
import type { TransactionHooks } from './transactions.ts'

type Write = TransactionHooks & { walletClient: MarketplaceWallet }
type Registration = Pick<RegisterDatasetParameters, 'name' | 'rate' | 'deposit' | 'config' | 'trialSeconds'>

export type Listing = {
  dataset: (path: string) => Promise<ReadDatasetReturnType | undefined>
  /** Whether the chain holds exactly this config of the dataset. */
  isListedAs: (path: string, config: DatasetConfig) => Promise<boolean>
  /** What the market asks of every listing: its lowest price in wei per second, its fee in basis points. */
  market: () => Promise<{ minRate: bigint; feeBps: number }>
  balances: (account: Hex) => Promise<ReadBalancesReturnType>
  /** Lets the marketplace take `amount` wei. */
  allow: (parameters: Write & { amount: bigint }) => Promise<unknown>
  /** Lists the dataset and locks its deposit, which the allowance covers. */
  register: (parameters: Write & Registration) => Promise<unknown>
}

/** Creates the verbs of one network. */
export function createListing(network: NetworkFile, publicClient: ChainClient): Listing {
  const common = { publicClient, deployment: network }
  const read = (path: string) => readDataset({ ...common, dataset: datasetIdOf(parseDatasetPath(path)) })
  const prepare = async <Parameters extends Write>(parameters: Parameters) => {
    await requireGas(publicClient, parameters.walletClient.account.address)
    return { ...common, ...parameters }
  }
  return {
    dataset: read,
    isListedAs: async (path, config) => (await read(path))?.configHash === hashDatasetConfig(config),
    market: () => readSettings(common),
    balances: (account) => readBalances({ ...common, account }),
    allow: async (parameters) => approveToken(await prepare(parameters)),
    register: async (parameters) => registerDataset(await prepare(parameters)),
  }
}
