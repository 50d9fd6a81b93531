/** The SDK in Node: a libp2p host that dials by TCP, WebSocket, WebRTC-direct and WebRTC over a relay. */
import { fallback, http, createPublicClient } from 'viem'
import { nodePrimitives } from '@enigma/crypto/node'
import { joinWrites } from '@enigma/network'
import { developmentChainId, type NetworkFile } from '@enigma/protocol'
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
import { parseRelayAddress } from '../relay-list.ts'
import type { KeyStore } from '../types.ts'
import { createDialGate } from './dial-gate.ts'
import { inflateInNode } from './inflate.ts'

const rpcOptions = { batch: true, timeout: 5_000, retryCount: 1 }

export type CreateNodeHostParameters = {
  /** Its relays may have any address: whoever wrote the network file has named them. */
  network: Pick<NetworkFile, 'chainId' | 'relays'>
  /** STUN servers for WebRTC; none by default. */
  iceServers?: readonly { urls: string }[] | undefined
  /**
   * Whether loopback and private addresses that node records name are dialled, too: anybody can sign a record, and could
   * make this machine knock at doors behind its own firewall. By default on the development chain (31337) alone.
   */
  allowPrivateAddresses?: boolean | undefined
}

export type CreateNodeClientParameters = CreateNodeHostParameters & {
  network: NetworkFile
  /** What dials, ended with the client; one of `createNodeHost` when absent. */
  host?: Libp2p
  /** Where sessions are kept; memory when absent. */
  keys?: KeyStore
  /** Blocks of the first request for a dataset's config; fewer are asked for where the provider refuses. */
  logRangeBlocks?: number
}

/** Creates a client; `close` ends it and its host. */
export async function createNodeClient({
  network,
  host,
  keys = createMemoryKeyStore(),
  logRangeBlocks,
  ...hostParameters
}: CreateNodeClientParameters): Promise<MarketplaceClient> {
  const publicClient = createPublicClient({ transport: fallback(network.rpcUrls.map((url) => http(url, rpcOptions))) })
  return createMarketplaceClient({
    network,
    host: host ?? (await createNodeHost({ network, ...hostParameters })),
    keys,
    publicClient,
    chainClient: () => Promise.resolve(publicClient),
    logRangeBlocks,
    primitives: nodePrimitives,
    inflate: inflateInNode,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    nowMs: () => performance.now(),
  })
}

/** Creates the dialling host: a fresh peer id, nothing listened on. */
export async function createNodeHost({
  network,
  iceServers = [],
  allowPrivateAddresses = network.chainId === developmentChainId,
}: CreateNodeHostParameters): Promise<Libp2p> {
  const gate = allowPrivateAddresses
    ? undefined
    : createDialGate({ trusted: network.relays.map((text) => parseRelayAddress(text).address) })
  const dialOpts = gate === undefined ? {} : { keepAlive: true, lookup: gate.lookup }
  const rtcConfiguration = { iceServers: [...iceServers] }
  return createLibp2p({
    addresses: { listen: [] },
    transports: [
      tcp({ dialOpts }),
      webSockets(),
      webRTCDirect({ rtcConfiguration }),
      webRTC({ rtcConfiguration }),
      circuitRelayTransport(),
    ],
    connectionEncrypters: [joinWrites(noise())],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: gate?.denyDialMultiaddr ?? (() => false) },
    services: { identify: identify(), ping: ping() },
  })
}
