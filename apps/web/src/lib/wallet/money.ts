/** What the pages do with money, over shared/chain: one viem client, ids from paths, progress handed through. */
import {
  planSubscription,
  type PlanSubscriptionReturnType,
  readBalances,
  type ReadBalancesReturnType,
  readDataset,
  type ReadDatasetReturnType,
  readEvents,
  readSubscription,
  type ReadSubscriptionReturnType,
  setRenewalLimit,
  startTrial,
  subscribeWithPermit,
  type SubscribeReturnType,
  type TransactionProgress,
  type TransactionResult,
  unsubscribe,
  type UnsubscribeReturnType,
  type MarketplaceEvent,
  type MarketplaceWallet,
} from '@enigma/chain'
import { datasetIdOf, type Hex, type NetworkFile, parseDatasetPath } from '@enigma/protocol'
import { createPublicClient, fallback, http } from 'viem'

type Write = { path: string; walletClient: MarketplaceWallet; onProgress: (progress: TransactionProgress) => void }

export type Money = {
  balances: (account: Hex) => Promise<ReadBalancesReturnType>
  dataset: (path: string) => Promise<ReadDatasetReturnType | undefined>
  subscription: (path: string, account: Hex) => Promise<ReadSubscriptionReturnType>
  /** The newest block that the chain's own node knows. */
  block: () => Promise<number>
  plan: (path: string, account: Hex, autoRenew: boolean) => Promise<PlanSubscriptionReturnType>
  /** The account's own events, oldest first, and the paths of the datasets that they name. */
  history: (account: Hex) => Promise<{ events: MarketplaceEvent[]; paths: ReadonlyMap<Hex, string> }>
  subscribe: (parameters: Write & { autoRenew: boolean; maxRate: bigint }) => Promise<SubscribeReturnType>
  unsubscribe: (parameters: Write) => Promise<UnsubscribeReturnType>
  startTrial: (parameters: Write) => Promise<TransactionResult>
  setRenewalLimit: (parameters: Write & { maxRate: bigint }) => Promise<TransactionResult>
}

const rpcTimeoutMs = 8_000

/** Creates the verbs of one network. */
export function createMoney(network: NetworkFile): Money {
  const transports = network.rpcUrls.map((url) => http(url, { batch: true, timeout: rpcTimeoutMs, retryCount: 1 }))
  const publicClient = createPublicClient({ transport: fallback(transports), pollingInterval: 500 })
  const common = { publicClient, deployment: network }
  const idOf = (path: string) => datasetIdOf(parseDatasetPath(path))
  const write = ({ path, walletClient, onProgress }: Write) => ({
    ...common,
    ...{ dataset: idOf(path), walletClient, onProgress },
  })
  return {
    balances: (account) => readBalances({ ...common, account }),
    dataset: (path) => readDataset({ ...common, dataset: idOf(path) }),
    subscription: (path, account) => readSubscription({ ...common, dataset: idOf(path), account }),
    block: async () => Number(await publicClient.getBlockNumber()),
    plan: (path, account, autoRenew) => planSubscription({ ...common, dataset: idOf(path), account, autoRenew }),
    async history(account) {
      const toBlock = Number(await publicClient.getBlockNumber())
      const all = await readEvents({ ...common, fromBlock: network.deploymentBlock, toBlock })
      const registered = all.flatMap((event) => (event.name === 'DatasetRegistered' ? [event.args] : []))
      const paths = new Map(registered.map(({ id, curator, name }) => [id, `${curator}/${name}`] as const))
      return { events: all.filter(({ args }) => 'account' in args && args.account === account), paths }
    },
    subscribe: (parameters) => subscribeWithPermit({ ...write(parameters), ...pick(parameters) }),
    unsubscribe: (parameters) => unsubscribe(write(parameters)),
    startTrial: (parameters) => startTrial(write(parameters)),
    setRenewalLimit: (parameters) => setRenewalLimit({ ...write(parameters), maxRate: parameters.maxRate }),
  }
}

function pick({ autoRenew, maxRate }: { autoRenew: boolean; maxRate: bigint }) {
  return { autoRenew, maxRate }
}
