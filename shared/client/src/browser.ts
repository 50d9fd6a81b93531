/** The SDK in a browser: WebRTC-direct, WebRTC over a relay and WebSocket; a fresh peer id for each page load. */
import { webPrimitives } from '@enigma/crypto'
import type { NetworkFile } from '@enigma/protocol'
import { createPublicClient, fallback, http } from 'viem'
import { createPageFilter } from './addresses.ts'
import { openClientDatabase } from './browser-database.ts'
import { createBrowserKeyStore } from './browser-key-store.ts'
import { openRelayMemory } from './browser-relay-memory.ts'
import { createMarketplaceClient, type MarketplaceClient } from './create-marketplace-client.ts'
import { createWorkerDecoder } from './decode/worker-decoder.ts'
import { type BrowserHostParameters, createBrowserHost } from './host/browser-host.ts'
import { inflateByStream } from './query/decode-batch.ts'
import type { KeyStore } from './types.ts'

export * from './index.ts'
export * from './browser-key-store.ts'

const rpcTimeoutMs = 5_000

export type CreateBrowserClientParameters = BrowserHostParameters & {
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
  /** Dial loopback and private addresses: for development networks only. */
  allowPrivateAddresses?: boolean
}

/**
 * Creates a client with a host of its own; `close` ends it.
 *
 * @example
 * const client = await createBrowserClient({ network })
 * for await (const batch of client.sample({ dataset: '0x…/coinbase_data', sql: 'SELECT * FROM candles' })) show(batch)
 */
export async function createBrowserClient({
  network,
  keys,
  logRangeBlocks,
  decodeWorker,
  allowPrivateAddresses = false,
  ...hostParameters
}: CreateBrowserClientParameters): Promise<MarketplaceClient> {
  const transports = network.rpcUrls.map((url) => http(url, { batch: true, timeout: rpcTimeoutMs, retryCount: 1 }))
  const database = openClientDatabase()
  const [keyStore, relayMemory, host] = await Promise.all([
    keys ?? createBrowserKeyStore({ database }),
    openRelayMemory({ database, network: `${network.chainId}:${network.marketplace}` }),
    createBrowserHost(hostParameters),
  ])
  return createMarketplaceClient({
    ...{ network, host, relayMemory, keys: keyStore },
    canDial: createPageFilter({
      isSecure: location.protocol === 'https:',
      hasWebrtc: typeof RTCPeerConnection === 'function',
      allowPrivateAddresses,
    }),
    publicClient: createPublicClient({ transport: fallback(transports) }),
    logRangeBlocks,
    decoder: decodeWorker && createWorkerDecoder({ create: decodeWorker }),
    primitives: webPrimitives,
    inflate: inflateByStream,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    nowMs: () => performance.now(),
  })
}
