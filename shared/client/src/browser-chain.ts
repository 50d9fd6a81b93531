/** The chain as a browser's client asks it. */
import { type ChainClient, createChainClient } from '@enigma/chain'
import type { NetworkFile } from '@enigma/protocol'
import { fallback, http } from 'viem'

const rpcTimeoutMs = 5_000

/** Creates the client of the network's RPC nodes; each that fails gives way to the next. */
export function createBrowserChain({ rpcUrls }: Pick<NetworkFile, 'rpcUrls'>): ChainClient {
  const transports = rpcUrls.map((url) => http(url, { batch: true, timeout: rpcTimeoutMs, retryCount: 1 }))
  return createChainClient({ transport: fallback(transports) })
}
