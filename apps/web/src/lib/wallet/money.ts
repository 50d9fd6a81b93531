/** What the pages do with money, over shared/chain: one viem client, ids from paths, progress handed through. */
import {
  type ChainClient,
  createChainClient,
  describeMissing,
  planSubscription,
  type PlanSubscriptionReturnType,
  rateToPrice,
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
  type TransactionResult,
  unsubscribe,
  type UnsubscribeReturnType,
  type MarketplaceEvent,
  type MarketplaceWallet,
} from '@enigma/chain'
import { datasetIdOf, type Hex, MarketplaceError, type NetworkFile, parseDatasetPath } from '@enigma/protocol'
import { fallback, formatEther, http } from 'viem'
import type { TransactionHooks } from './transactions.ts'

type Write = TransactionHooks & { path: string; walletClient: MarketplaceWallet }

export type Money = {
  readonly publicClient: ChainClient
  balances: (account: Hex) => Promise<ReadBalancesReturnType>
  dataset: (path: string) => Promise<ReadDatasetReturnType | undefined>
  subscription: (path: string, account: Hex) => Promise<ReadSubscriptionReturnType>
  /** The newest block that the chain's own node knows. */
  block: () => Promise<number>
  plan: (path: string, account: Hex, autoRenew: boolean) => Promise<PlanSubscriptionReturnType>
  /** The account's own events, oldest first, and the paths of the datasets that they name. */
  history: (account: Hex) => Promise<{ events: MarketplaceEvent[]; paths: ReadonlyMap<Hex, string> }>
  /** The Unix seconds of blocks. */
  times: (blocks: Iterable<number>) => Promise<ReadonlyMap<number, number>>
  /** `shownRate` is what the person saw: a higher one is refused, even below the limit for renewals. */
  subscribe: (
    parameters: Write & { autoRenew: boolean; maxRate: bigint; shownRate: bigint },
  ) => Promise<SubscribeReturnType>
  unsubscribe: (parameters: Write) => Promise<UnsubscribeReturnType>
  startTrial: (parameters: Write) => Promise<TransactionResult>
  setRenewalLimit: (parameters: Write & { maxRate: bigint }) => Promise<TransactionResult>
}

const rpcTimeoutMs = 8_000
/** More than any verb here takes (`bench gas`). */
const gasPerVerb = 200_000n

/** Creates the verbs of one network. */
export function createMoney(network: NetworkFile): Money {
  const transports = network.rpcUrls.map((url) => http(url, { batch: true, timeout: rpcTimeoutMs, retryCount: 1 }))
  const publicClient = createChainClient({ transport: fallback(transports), pollingInterval: 500 })
  const common = { publicClient, deployment: network }
  const idOf = (path: string) => datasetIdOf(parseDatasetPath(path))
  const prepare = async (parameters: Write) => {
    await requireGas(publicClient, parameters.walletClient.account.address)
    const { path, walletClient, beforeSigning, waitForReceipt } = parameters
    return { ...common, ...{ dataset: idOf(path), walletClient, beforeSigning, waitForReceipt } }
  }
  return {
    publicClient,
    balances: (account) => readBalances({ ...common, account }),
    dataset: (path) => readDataset({ ...common, dataset: idOf(path) }),
    subscription: (path, account) => readSubscription({ ...common, dataset: idOf(path), account }),
    block: async () => Number(await publicClient.getBlockNumber({ cacheTime: 0 })),
    plan: (path, account, autoRenew) => planSubscription({ ...common, dataset: idOf(path), account, autoRenew }),
    async history(account) {
      const toBlock = Number(await publicClient.getBlockNumber())
      const all = await readEvents({ ...common, fromBlock: network.deploymentBlock, toBlock })
      const registered = all.flatMap((event) => (event.name === 'DatasetRegistered' ? [event.args] : []))
      const paths = new Map(registered.map(({ id, curator, name }) => [id, `${curator}/${name}`] as const))
      return { events: all.filter(({ args }) => 'account' in args && args.account === account), paths }
    },
    async times(blocks) {
      const read = async (block: number) => {
        const { timestamp } = await publicClient.getBlock({ blockNumber: BigInt(block) })
        return [block, Number(timestamp)] as const
      }
      return new Map(await Promise.all([...new Set(blocks)].map(read)))
    },
    async subscribe({ autoRenew, maxRate, shownRate, ...parameters }) {
      const prepared = await prepare(parameters)
      const check = async () => requireShownRate((await readDataset(prepared))?.rate, shownRate)
      const beforeSigning: Write['beforeSigning'] = async (request) => {
        // An allowance may have been signed meanwhile, which takes its time; what it allows is not paid.
        await check()
        await parameters.beforeSigning(request)
      }
      await check()
      return subscribeWithPermit({ ...prepared, beforeSigning, autoRenew, maxRate })
    },
    unsubscribe: async (parameters) => unsubscribe(await prepare(parameters)),
    startTrial: async (parameters) => startTrial(await prepare(parameters)),
    setRenewalLimit: async ({ maxRate, ...rest }) => setRenewalLimit({ ...(await prepare(rest)), maxRate }),
  }
}

/** Before the wallet is asked for a first signature, so that nobody signs an allowance for nothing. */
export async function requireGas(publicClient: ChainClient, address: Hex): Promise<void> {
  const [held, price] = await Promise.all([publicClient.getBalance({ address }), publicClient.getGasPrice()])
  const needed = price * gasPerVerb
  if (held >= needed) return
  const message = `${describeMissing({ held, needed, currency: 'ETH' })} to pay for gas, and retry.`
  throw new MarketplaceError({ code: 'funds-missing', message })
}

function requireShownRate(rate: bigint | undefined, shownRate: bigint): void {
  if (rate === undefined || rate <= shownRate) return
  const [now, before] = [rate, shownRate].map((each) => formatEther(rateToPrice(each)))
  const message = `The price rose from ${before ?? ''} to ${now ?? ''} ENG for 30 days since it was shown, so nothing was paid. Look at the new price and decide again.`
  throw new MarketplaceError({ code: 'price-above-limit', message })
}
