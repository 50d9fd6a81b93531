/** The SDK in Node: a libp2p host that dials by TCP, WebSocket, WebRTC-direct and WebRTC over a relay. */
import { fallback, http, createPublicClient } from 'viem'
import { nodePrimitives } from '@enigma/crypto/node'
import type { NetworkFile } from '@enigma/protocol'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'
import { createMarketplaceClient, type MarketplaceClient } from '../create-marketplace-client.ts'
import { createMemoryKeyStore } from '../key-stores.ts'
import type { KeyStore } from '../types.ts'

const rpcOptions = { batch: true, timeout: 5_000, retryCount: 1 }

export type CreateNodeClientParameters = {
  network: NetworkFile
  /** Where sessions are kept; memory when absent. */
  keys?: KeyStore
  /** Blocks of the first request for a dataset's config; fewer are asked for where the provider refuses. */
  logRangeBlocks?: number
  /** STUN servers for WebRTC; none by default. */
  iceServers?: readonly { urls: string }[]
}

/** Creates a client with a host of its own; `close` ends it. */
export async function createNodeClient({
  network,
  keys = createMemoryKeyStore(),
  logRangeBlocks,
  iceServers = [],
}: CreateNodeClientParameters): Promise<MarketplaceClient> {
  return createMarketplaceClient({
    network,
    host: await createNodeHost({ iceServers }),
    keys,
    publicClient: createPublicClient({ transport: fallback(network.rpcUrls.map((url) => http(url, rpcOptions))) }),
    logRangeBlocks,
    primitives: nodePrimitives,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    nowMs: () => performance.now(),
  })
}

/** Creates the dialling host: a fresh peer id, nothing listened on. */
export async function createNodeHost({
  iceServers = [],
}: {
  iceServers?: readonly { urls: string }[]
}): Promise<Libp2p> {
  const rtcConfiguration = { iceServers: [...iceServers] }
  return createLibp2p({
    addresses: { listen: [] },
    transports: [
      tcp(),
      webSockets(),
      webRTCDirect({ rtcConfiguration }),
      webRTC({ rtcConfiguration }),
      circuitRelayTransport(),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify(), ping: ping() },
  })
}
