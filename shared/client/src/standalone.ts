/** The SDK of a page that has no bundler: `visitor.ts` with all that it imports, in a few files that any server hands out. */
import {
  createVisitorClient as createVisitor,
  type CreateVisitorClientParameters,
  type VisitorClient,
} from './visitor.ts'

export { createSessionKey, type SessionKey } from '@enigma/crypto'
export { MarketplaceError, type NetworkFile, parseNetworkFile, type SignedGrant } from '@enigma/protocol'
export type { Batch, QueryProgress, QueryResult, QueryRun, VisitorClient } from './visitor.ts'

export type CreateStandaloneClientParameters = Omit<CreateVisitorClientParameters, 'loadWebrtcDirect'>

/**
 * Creates a client with a host of its own; `close` ends it.
 *
 * @example
 * import { createVisitorClient, parseNetworkFile } from './enigma/standalone.js'
 *
 * const network = parseNetworkFile(await (await fetch('https://relay.example/enigma-network.json')).text())
 * const client = await createVisitorClient({ network })
 */
export function createVisitorClient(parameters: CreateStandaloneClientParameters): Promise<VisitorClient> {
  return createVisitor({ ...parameters, loadWebrtcDirect: () => import('./webrtc-direct.ts') })
}
