/**
 * The SDK of an embedded page: it samples and asks by grants, through relays alone, keeps nothing in the browser and
 * knows no wallet. Much smaller than `browser.ts`.
 */
import { createChainReader, createDatasetConfigReader } from '@enigma/chain'
import { webPrimitives } from '@enigma/crypto'
import type { NetworkFile } from '@enigma/protocol'
import { createPageParts } from './browser-page.ts'
import { createConnections } from './connections.ts'
import { type AskingClient, createAsking } from './create-asking.ts'
import { createDatasets } from './datasets.ts'
import { createHostIdentity } from './host/host-identity.ts'
import { createVisitorHost, type VisitorHostParameters } from './host/visitor-host.ts'
import { createRelayList } from './relay-list.ts'
import type { AskingParts } from './types.ts'

export type { AskingClient } from './create-asking.ts'
export type { Batch } from './query/batch.ts'
export type { SampleParameters } from './query/query-request.ts'
export type { QueryResult, QueryRun } from './query/query-run.ts'
export type { QueryProgress } from './types.ts'

export type CreateVisitorClientParameters = VisitorHostParameters & {
  network: NetworkFile
  /** Dial loopback and private addresses: for development networks only. */
  allowPrivateAddresses?: boolean
}

/**
 * Creates a client with a host of its own; `close` ends it. Throws `setting-invalid` for a relay's address without a peer.
 *
 * @example
 * const client = await createVisitorClient({ network, loadWebrtcDirect: () => import('@enigma/client/webrtc-direct') })
 * const { rows } = await client.sample({ dataset: '0x…/coinbase_data', sql: 'SELECT * FROM candles' }).collect()
 */
export async function createVisitorClient(parameters: CreateVisitorClientParameters): Promise<AskingClient> {
  const { network, allowPrivateAddresses = false, loadWebrtcDirect } = parameters
  const host = createVisitorHost(await createHostIdentity(), { loadWebrtcDirect })
  const publicClient = createChainReader(network)
  const parts: AskingParts = {
    ...{ network, host, primitives: webPrimitives },
    ...createPageParts({ allowPrivateAddresses }),
  }
  const relays = createRelayList({
    ...{ addresses: network.relays, nowSeconds: parts.nowSeconds },
    onChange: () => undefined,
  })
  const connections = createConnections({ ...parts, relays })
  const readConfig = createDatasetConfigReader({ publicClient, deployment: network })
  return createAsking({ parts, connections, datasets: createDatasets({ ...parts, readConfig }, connections) })
}
