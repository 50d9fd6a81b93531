/**
 * The host of a page with every transport that a browser has: WebSocket, WebRTC-direct, WebRTC and circuits over relays.
 * WebRTC is loaded when it is first dialled: the first answer of most pages comes over a WebSocket.
 */
import type { Connection } from '@libp2p/interface'
import { webSockets, type WebSocketsComponents } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../types.ts'
import { circuitOf, dialCircuit } from './dial-circuit.ts'
import { createDialHost } from './dial-host.ts'
import type { HostIdentity } from './host-identity.ts'
import { lazyTransport } from './lazy-transport.ts'
import { lastPeerOf } from './upgrade-connection.ts'

export type BrowserHostParameters = {
  /** STUN servers for WebRTC; none by default: no third party learns of the visit. */
  iceServers?: readonly { urls: string }[]
}

/** Creates the host; nothing is dialled yet. */
export function createBrowserHost(identity: HostIdentity, parameters: BrowserHostParameters = {}): Host {
  const rtcConfiguration = { iceServers: [...(parameters.iceServers ?? [])] }
  return createDialHost({
    identity,
    createTransports(components) {
      const load = () => import('./webrtc.ts').then(({ createWebrtc }) => createWebrtc(components, rtcConfiguration))
      return [
        webSockets()(components as unknown as WebSocketsComponents),
        lazyTransport('webrtc-direct', async () => (await load()).direct),
        lazyTransport('webrtc', async () => (await load()).relayed),
      ]
    },
    dialOther({ components: { connectionManager, transportManager }, ...circuit }) {
      const { signal } = circuit
      const toRelay = async (relay: Multiaddr) =>
        connectionManager.getConnections(lastPeerOf(relay))[0] ?? (await transportManager.dial(relay, { signal }))
      return dialCircuit({ ...circuit, toRelay })
    },
    onDialled: leaveIntroduction,
  })
}

/** The circuit over which WebRTC was agreed has done its work; relays have few of them. */
function leaveIntroduction(connection: Connection, others: readonly Connection[]): void {
  if (!connection.direct || circuitOf(connection.remoteAddr) === undefined) return
  for (const other of others) if (!other.direct) closeOnceUnused(other)
}

/** The stream on which WebRTC was agreed may still be ending, and a query may be on its way. */
function closeOnceUnused(connection: Connection): void {
  if (connection.status !== 'open') return
  const inUse = connection.streams.find(({ status }) => status === 'open' || status === 'closing')
  if (inUse !== undefined) {
    inUse.addEventListener('close', () => closeOnceUnused(connection), { once: true })
    return
  }
  connection
    .close()
    .catch((error: unknown) => connection.abort(error instanceof Error ? error : new Error('not closed')))
}
