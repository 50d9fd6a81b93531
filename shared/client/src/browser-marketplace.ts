/** The client of `browser.ts` over its host and chain: what this browser keeps, what its page may dial. */
import { createChainReader } from '@enigma/chain'
import type { Primitives } from '@enigma/crypto'
import type { NetworkFile } from '@enigma/protocol'
import { openClientDatabase } from './browser-database.ts'
import { createBrowserKeyStore } from './browser-key-store.ts'
import { createPageParts } from './browser-page.ts'
import { openRelayMemory } from './browser-relay-memory.ts'
import { createMarketplaceClient, type MarketplaceClient } from './create-marketplace-client.ts'
import { createWorkerDecoder } from './decode/worker-decoder.ts'
import type { Host, KeyStore } from './types.ts'

export type BrowserClientParameters = {
  network: NetworkFile
  /** Where sessions are kept; IndexedDB when absent. */
  keys?: KeyStore
  /** Blocks of the first request for a dataset's config; fewer are asked for where the provider refuses. */
  logRangeBlocks?: number
  /**
   * Makes a module worker that imports `@enigma/client/decode-worker`, where answers are then decrypted and decoded. The
   * page makes it, because a strict policy lets only the page name scripts. On this thread when absent.
   */
  decodeWorker?: () => Worker
  /** Loopback and private addresses are dialled, too; by default on the development chain (31337) alone. */
  allowPrivateAddresses?: boolean
}

/** Creates the client; `close` ends its host too. */
export async function createBrowserMarketplace({
  network,
  host,
  primitives,
  keys,
  logRangeBlocks,
  decodeWorker,
  allowPrivateAddresses,
}: BrowserClientParameters & {
  host: Host
  primitives: Primitives
}): Promise<MarketplaceClient> {
  const database = openClientDatabase()
  const [keyStore, relayMemory] = await Promise.all([
    keys ?? createBrowserKeyStore({ database }),
    openRelayMemory({ database, network: `${network.chainId}:${network.marketplace}` }),
  ])
  return createMarketplaceClient({
    ...{ network, host, primitives, relayMemory, keys: keyStore, logRangeBlocks },
    publicClient: createChainReader(network),
    chainClient: () => import('./browser-chain.ts').then(({ createBrowserChain }) => createBrowserChain(network)),
    ...createPageParts({ network, allowPrivateAddresses }),
    decoder: decodeWorker && createWorkerDecoder({ create: decodeWorker }),
  })
}
