/** The chain as a browser's client asks it. */
import { type ChainClient, createChainClient } from '@enigma/chain'
import type { NetworkFile } from '@enigma/protocol'
import { fallback, http, type Transport } from 'viem'

const rpcTimeoutMs = 5_000

/** The way to the network's RPC nodes; each that fails gives way to the next. */
export function createRpcTransport({ rpcUrls }: Pick<NetworkFile, 'rpcUrls'>): Transport {
  return fallback(rpcUrls.map((url) => http(url, { batch: true, timeout: rpcTimeoutMs, retryCount: 1 })))
}

/** Creates the client of the network's RPC nodes. */
export function createBrowserChain(network: Pick<NetworkFile, 'rpcUrls'>): ChainClient {
  return createChainClient({ transport: createRpcTransport(network) })
}
