/** The SDK's front door. */
import {
  type ActivityCursor,
  createDatasetConfigReader,
  type DatasetTerms,
  readActivity,
  type ReadActivityReturnType,
  readSubscription,
  type ReadSubscriptionReturnType,
  readTerms,
} from '@enigma/chain'
import { verifyReceipt } from '@enigma/crypto'
import { datasetIdOf, type Hex, parseDatasetPath, type Receipt, type SignedReceipt } from '@enigma/protocol'
import { type AskingClient, createAsking } from './create-asking.ts'
import { type Connections, createConnections } from './connections.ts'
import { createDatasets, type Datasets, type LocatedDataset } from './datasets.ts'
import { createDiscover, type DiscoverParameters, type DiscoverReturnType } from './discover.ts'
import { createHealth, type DatasetHealth, type HealthParameters } from './health.ts'
import { type ClientNetwork, createNetworkView, type NetworkView } from './network-view.ts'
import type { QueryParameters } from './query/query-request.ts'
import { createQueryRun, type QueryRun } from './query/query-run.ts'
import { createRelayList } from './relay-list.ts'
import {
  authorize,
  forgetSession,
  type AuthorizeParameters,
  type AuthorizeReturnType,
  deploymentOf,
  authorityOf,
} from './sessions.ts'
import { createSubscriptionVerbs, type SubscriptionVerbs } from './subscription-verbs.ts'
import type { ClientParts } from './types.ts'

/** What parts of the SDK that are loaded apart are made of: this client's own host, connections and datasets. */
export type ClientInside = { parts: ClientParts; connections: Connections; datasets: Datasets }

export type MarketplaceClient = AskingClient &
  SubscriptionVerbs & {
    /** Searches the catalogue; what two relays say is checked against the chain. */
    discover: (parameters?: DiscoverParameters) => Promise<DiscoverReturnType>
    /** A dataset, verified from the chain down to the keys of its nodes; with `isNodeNeeded: false` it may have none. */
    dataset: (path: string, options?: { signal?: AbortSignal; isNodeNeeded?: boolean }) => Promise<LocatedDataset>
    /** What the chain alone says of a dataset. */
    terms: (path: string) => Promise<DatasetTerms>
    /** The dataset's history on chain, newest first, page by page. */
    activity: (parameters: {
      dataset: string
      before?: ActivityCursor
      limit?: number
    }) => Promise<ReadActivityReturnType>
    /** Makes or reuses a session that its account has not ended on chain; the wallet signs at most once. */
    authorize: (parameters: AuthorizeParameters) => Promise<AuthorizeReturnType>
    /** Deletes the account's session here, as one who signs out wants. */
    forget: (parameters: { account: Hex }) => Promise<void>
    subscription: (parameters: { dataset: string; account: Hex }) => Promise<ReadSubscriptionReturnType>
    /** Makes ready what makes the first query fast, once a page is about to ask: the thread that decodes. Asks nobody. */
    prepare: () => void
    /** Asks as a subscriber. */
    query: (parameters: QueryParameters) => QueryRun
    /** Checks a receipt that was kept, against the node that was asked; throws `signature-invalid`. */
    verifyReceipt: (parameters: { signed: SignedReceipt; signer: Hex }) => Promise<Receipt>
    /** How the dataset's nodes are now, as anyone can see it: each is asked one small question. */
    health: (parameters: HealthParameters) => Promise<DatasetHealth>
    /** What this client sees of its network, and the choice of a relay. */
    network: () => ClientNetwork
    /** Makes a part of the SDK that few pages need over this client, such as `createPublishing`. */
    extend: <Part>(create: (inside: ClientInside) => Part) => Part
  }

/**
 * Creates a client of one network.
 *
 * @example
 * const client = await createNodeClient({ network })
 * await client.authorize({ signer: account })
 * const { rows } = await client.query({ dataset: '0x…/coinbase_data', sql: 'SELECT * FROM candles', account: account.address }).collect()
 */
export function createMarketplaceClient(parts: ClientParts): MarketplaceClient {
  const { network, publicClient } = parts
  const { connections, view } = createNetwork(parts)
  const readConfig = createDatasetConfigReader({ publicClient, deployment: network, rangeBlocks: parts.logRangeBlocks })
  const datasets = createDatasets({ ...parts, readConfig }, connections)
  const discover = createDiscover({ ...parts, readConfig }, connections)
  const read = { publicClient, deployment: network }
  const idOf = (path: string) => datasetIdOf(parseDatasetPath(path))
  return {
    ...createAsking({ parts, connections, datasets }),
    discover: (parameters = {}) => discover(parameters),
    dataset: (path, options = {}) => datasets.locate(path, { ...options, isFresh: true }),
    terms: (path) => readTerms({ ...read, dataset: idOf(path), readConfig }),
    activity: ({ dataset, ...rest }) => readActivity({ ...read, dataset: idOf(dataset), ...rest }),
    authorize: (parameters) => authorize(parts, parameters),
    forget: ({ account }) => forgetSession(parts, account),
    ...createSubscriptionVerbs(parts),
    subscription: ({ dataset, account }) => readSubscription({ ...read, dataset: idOf(dataset), account }),
    prepare: () => parts.decoder?.warm(),
    query: ({ account, ...query }) =>
      createQueryRun({ parts, connections, datasets, query, authorize: () => authorityOf(parts, account) }),
    health: createHealth({ parts, connections, datasets }),
    network: () => view,
    extend: (create) => create({ parts, connections, datasets }),
    verifyReceipt: (parameters) => verifyReceipt({ ...parameters, deployment: deploymentOf(network) }),
  }
}

function createNetwork({ network, host, canDial, nowMs, nowSeconds, relayMemory: memory }: ClientParts) {
  const relays = createRelayList({
    ...{ addresses: network.relays, memory, nowSeconds },
    onChange: () => view.changed(),
  })
  const view: NetworkView = createNetworkView({
    ...{ host, canDial, nowMs, relays },
    toRelay: (relay, options) => connections.toRelay(relay, options),
  })
  const connections: Connections = createConnections({ host, relays, canDial, nowMs, onChange: view.changed })
  return { connections, view }
}
