/** A hash over what a client trusts of a network file, so that a page can pin it beside the code that it loads. */
import { concatBytes, utf8 } from './bytes.ts'
import { encodeCbor } from './cbor.ts'
import { MarketplaceError } from './errors.ts'
import type { NetworkFile } from './network-file.ts'

const label = utf8('enigma/network-anchor/v1')

/**
 * `sha256-<base64>` over the chain, its contracts, the RPC nodes and the faucet that makes a network one for development.
 * Relays are not in it: they come and go, and are trusted with nothing.
 */
export async function networkAnchor(network: NetworkFile): Promise<string> {
  const { v, chainId, token, marketplace, grantRegistry = null, deploymentBlock, rpcUrls, confirmations } = network
  const contracts = { token, marketplace, grantRegistry, deploymentBlock }
  const trusted = { v, chainId, ...contracts, rpcUrls, confirmations, faucetUrl: network.faucetUrl ?? null }
  const digest = await crypto.subtle.digest('SHA-256', concatBytes(label, encodeCbor(trusted)))
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`
}

/** Throws `setting-invalid` where the file is not of the network that the anchor names. */
export async function checkNetworkAnchor(network: NetworkFile, anchor: string): Promise<void> {
  const actual = await networkAnchor(network)
  if (actual === anchor) return
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: 'The network file is not the one that the attribute anchor names; nothing was asked. Copy the tag anew.',
    details: `the file’s anchor is ${actual}`,
  })
}
