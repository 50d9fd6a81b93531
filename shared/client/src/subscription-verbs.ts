/** The verbs of a client by which a wallet pays; what they are made of is loaded when the first one is used. */
import type {
  MarketplaceWallet,
  RenewSubscriptionsReturnType,
  StartTrialReturnType,
  SubscribeReturnType,
  UnsubscribeReturnType,
} from '@enigma/chain'
import { datasetIdOf, type Hex, parseDatasetPath } from '@enigma/protocol'
import type { ClientParts } from './types.ts'

type WalletParameters = { dataset: string; walletClient: MarketplaceWallet }

export type SubscribeToDatasetParameters = WalletParameters & {
  /** Highest price in wei per second, now and for renewals; the present one when absent. */
  maxRate?: bigint
  /** Default true. */
  autoRenew?: boolean
}

export type RenewParameters = WalletParameters & { accounts?: readonly Hex[] }

export type SubscriptionVerbs = {
  subscribe: (parameters: SubscribeToDatasetParameters) => Promise<SubscribeReturnType>
  unsubscribe: (parameters: WalletParameters) => Promise<UnsubscribeReturnType>
  /** Renews the wallet's own subscription, or those of `accounts`; only within the last day before their end. */
  renew: (parameters: RenewParameters) => Promise<RenewSubscriptionsReturnType>
  /** Starts the wallet's one free trial of the dataset. */
  startTrial: (parameters: WalletParameters) => Promise<StartTrialReturnType>
}

/** Creates the verbs; nothing is loaded yet. */
export function createSubscriptionVerbs({
  network: deployment,
  chainClient,
}: Pick<ClientParts, 'network' | 'chainClient'>): SubscriptionVerbs {
  const load = () => import('./subscription-writes.ts')
  const targetOf = async ({ dataset: path, walletClient }: WalletParameters) => {
    const dataset = datasetIdOf(parseDatasetPath(path))
    return { publicClient: await chainClient(), deployment, walletClient, dataset }
  }
  return {
    async subscribe({ dataset, walletClient, ...choices }) {
      const [{ subscribeWithPermit }, target] = await Promise.all([load(), targetOf({ dataset, walletClient })])
      return subscribeWithPermit({ ...target, ...choices })
    },
    async unsubscribe(parameters) {
      const [{ unsubscribe }, target] = await Promise.all([load(), targetOf(parameters)])
      return unsubscribe(target)
    },
    async renew({ accounts, ...parameters }) {
      const [{ renewSubscriptions }, target] = await Promise.all([load(), targetOf(parameters)])
      return renewSubscriptions({ ...target, accounts: accounts ?? [parameters.walletClient.account.address] })
    },
    async startTrial(parameters) {
      const [{ startTrial }, target] = await Promise.all([load(), targetOf(parameters)])
      return startTrial(target)
    },
  }
}
