/**
 * The host of an embedded page: it asks by relays alone, over WebSocket, or over WebRTC-direct where a relay has nothing
 * else that the page may dial; that transport is loaded when it is first used.
 */
import type { Transport } from '@libp2p/interface'
import { webSockets, type WebSocketsComponents } from '@libp2p/websockets'
import type { Host } from '../types.ts'
import { createDialHost, type TransportComponents } from './dial-host.ts'
import type { HostIdentity } from './host-identity.ts'
import { lazyTransport } from './lazy-transport.ts'

/** The module `webrtc-direct.ts`. */
export type WebrtcDirectModule = { createWebrtcDirect: (components: TransportComponents) => Pick<Transport, 'dial'> }

export type VisitorHostParameters = {
  /** Loads `@enigma/client/webrtc-direct`; whoever embeds decides from where, and what proves it. */
  loadWebrtcDirect: () => Promise<WebrtcDirectModule>
}

/** Creates the host; nothing is dialled yet. */
export function createVisitorHost(identity: HostIdentity, { loadWebrtcDirect }: VisitorHostParameters): Host {
  return createDialHost({
    identity,
    createTransports: (components) => [
      webSockets()(components as unknown as WebSocketsComponents),
      lazyTransport('webrtc-direct', async () => (await loadWebrtcDirect()).createWebrtcDirect(components)),
    ],
  })
}
