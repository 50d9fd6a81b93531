/**
 * The SDK of an embedded page: it samples and asks by grants, through relays alone, keeps nothing in the browser and
 * knows no wallet. Much smaller than `browser.ts`; this module loads the rest when it is used.
 */
import type { NetworkFile } from '@enigma/protocol'
import type { VisitorHostParameters } from './host/visitor-host.ts'
import type { VisitorClient } from './visitor-marketplace.ts'

export type { AskEmbed, AskEmbedParameters, MintForVisitor } from './embeds/ask-embed.ts'
export type { Batch } from './query/batch.ts'
export type { SampleParameters } from './query/query-request.ts'
export type { QueryResult, QueryRun } from './query/query-run.ts'
export type { QueryProgress, Session } from './types.ts'
export type { SessionQueryParameters, VisitorClient } from './visitor-marketplace.ts'

export type CreateVisitorClientParameters = VisitorHostParameters & {
  network: NetworkFile
  /** Loopback and private addresses are dialled, too; by default on the development chain (31337) alone. */
  allowPrivateAddresses?: boolean
}

/**
 * Creates a client with a host of its own; `close` ends it. Throws `setting-invalid` for a relay's address without a peer.
 *
 * @example
 * const client = await createVisitorClient({ network, loadWebrtcDirect: () => import('@enigma/client/webrtc-direct') })
 * const { rows } = await client.sample({ dataset: '0x…/coinbase_data', sql: 'SELECT * FROM candles' }).collect()
 */
export async function createVisitorClient(parameters: CreateVisitorClientParameters): Promise<VisitorClient> {
  // Evaluated one by one, as in `browser.ts`: a page must answer its reader in between.
  const [identity, primitives, { createVisitorHost }, { createVisitorMarketplace }] = await Promise.all([
    import('./host/host-identity.ts').then(({ createHostIdentity }) => createHostIdentity()),
    import('./browser-primitives.ts').then(({ webPrimitives }) => webPrimitives),
    import('./host/visitor-host.ts'),
    import('./visitor-marketplace.ts'),
  ])
  return createVisitorMarketplace({ ...parameters, primitives, host: createVisitorHost(identity, parameters) })
}
