/** The SDK in a browser: WebRTC-direct, WebRTC over a relay and WebSocket; a fresh peer id for each page load. */
import { webPrimitives } from '@enigma/crypto'
import type { NetworkFile } from '@enigma/protocol'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'
import { createPublicClient, fallback, http } from 'viem'
import { createBrowserKeyStore } from './browser-key-store.ts'
import { createMarketplaceClient, type MarketplaceClient } from './create-marketplace-client.ts'
import type { KeyStore } from './types.ts'

export * from './index.ts'
export * from './browser-key-store.ts'

const rpcTimeoutMs = 5_000

export type BrowserHostParameters = {
  /** STUN servers for WebRTC; none by default: no third party learns of the visit. */
  iceServers?: readonly { urls: string }[]
  /** Dial loopback and private addresses: for development networks only. */
  allowPrivateAddresses?: boolean
}
export type CreateBrowserClientParameters = BrowserHostParameters & {
  network: NetworkFile
  /** Where sessions are kept; IndexedDB when absent. */
  keys?: KeyStore
  /** Blocks of the first request for a dataset's config; fewer are asked for where the provider refuses. */
  logRangeBlocks?: number
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
  ...hostParameters
}: CreateBrowserClientParameters): Promise<MarketplaceClient> {
  const transports = network.rpcUrls.map((url) => http(url, { batch: true, timeout: rpcTimeoutMs, retryCount: 1 }))
  return createMarketplaceClient({
    network,
    keys: keys ?? (await createBrowserKeyStore()),
    host: await createBrowserHost(hostParameters),
    publicClient: createPublicClient({ transport: fallback(transports) }),
    logRangeBlocks,
    primitives: webPrimitives,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    nowMs: () => performance.now(),
  })
}

/** Creates the dialling host: nothing is listened on. */
export function createBrowserHost({
  iceServers = [],
  allowPrivateAddresses = false,
}: BrowserHostParameters): Promise<Libp2p> {
  const rtcConfiguration = { iceServers: [...iceServers] }
  return createLibp2p({
    addresses: { listen: [] },
    transports: [
      webSockets(),
      webRTCDirect({ rtcConfiguration }),
      webRTC({ rtcConfiguration }),
      circuitRelayTransport(),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    ...(allowPrivateAddresses ? { connectionGater: { denyDialMultiaddr: () => false } } : {}),
    services: { identify: identify() },
  })
}
