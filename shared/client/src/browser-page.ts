/** What every client in a page is handed by the page: its clocks, how it inflates, and what it may dial. */
import { createPageFilter } from './addresses.ts'
import { inflateByStream } from './query/decode-batch.ts'
import type { ClientParts } from './types.ts'

/** `allowPrivateAddresses`: loopback and private addresses too, for development networks only. */
export function createPageParts({
  allowPrivateAddresses,
}: {
  allowPrivateAddresses: boolean
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
