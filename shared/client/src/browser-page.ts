/** What every client in a page is handed by the page: its clocks, how it inflates, and what it may dial. */
import { developmentChainId, type NetworkFile } from '@enigma/protocol'
import { createPageFilter } from './addresses.ts'
import { inflateByStream } from './query/decode-batch.ts'
import type { ClientParts } from './types.ts'

/** `allowPrivateAddresses`: loopback and private addresses too; by default on the development chain (31337) alone. */
export function createPageParts({
  network,
  allowPrivateAddresses = network.chainId === developmentChainId,
}: {
  network: Pick<NetworkFile, 'chainId'>
  allowPrivateAddresses?: boolean | undefined
}): Pick<ClientParts, 'canDial' | 'inflate' | 'nowSeconds' | 'nowMs'> {
  return {
    canDial: createPageFilter({
      isSecure: location.protocol === 'https:',
      hasWebrtc: typeof RTCPeerConnection === 'function',
      allowPrivateAddresses,
    }),
    inflate: inflateByStream,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    nowMs: () => performance.now(),
  }
}
