/** The client of `visitor.ts` over its host: the chain over fetch, relays and datasets. */
import { createChainReader, createDatasetConfigReader } from '@enigma/chain'
import type { NetworkFile } from '@enigma/protocol'
import { createPageParts } from './browser-page.ts'
import { createConnections } from './connections.ts'
import { type AskingClient, createAsking } from './create-asking.ts'
import { createDatasets } from './datasets.ts'
import { type AskEmbed, createAskEmbed } from './embeds/ask-embed.ts'
import { createFindEmbed } from './embeds/find-embed.ts'
import { createRelayList } from './relay-list.ts'
import type { SampleParameters } from './query/query-request.ts'
import { createQueryRun, type QueryRun } from './query/query-run.ts'
import type { AskingParts, Session } from './types.ts'

export type VisitorMarketplaceParameters = Pick<AskingParts, 'host' | 'primitives'> & {
  network: NetworkFile
  allowPrivateAddresses?: boolean
}

export type VisitorClient = AskingClient & {
  /** Asks a template of an embed, at its owner's cost; throws why the grant gives no rows here. */
  embed: AskEmbed
  /** Asks as the subscriber whose session it is. */
  query: (parameters: SessionQueryParameters) => QueryRun
}

export type SessionQueryParameters = SampleParameters & { session: Session }

/** Creates the client; `close` ends its host too. */
export function createVisitorMarketplace(parameters: VisitorMarketplaceParameters): VisitorClient {
  const { network, host, primitives, allowPrivateAddresses } = parameters
  const publicClient = createChainReader(network)
  const page = createPageParts({ network, allowPrivateAddresses })
  const parts: AskingParts = { network, host, primitives, publicClient, ...page }
  const relays = createRelayList({
    ...{ addresses: network.relays, nowSeconds: parts.nowSeconds },
    onChange: () => undefined,
  })
  const connections = createConnections({ ...parts, relays })
  const readConfig = createDatasetConfigReader({ publicClient, deployment: network })
  const inside = { parts, connections, datasets: createDatasets({ ...parts, readConfig }, connections) }
  return {
    ...createAsking(inside),
    embed: createAskEmbed(inside, createFindEmbed(inside)),
    query: ({ session: { key, grant }, ...query }) =>
      createQueryRun({ ...inside, query, authorize: () => Promise.resolve({ key, grants: [grant] }) }),
  }
}
