/** WebRTC-direct, for a host that loads it when it is needed. */
import type { Transport } from '@libp2p/interface'
import { webRTCDirect, type WebRTCDirectTransportComponents } from '@libp2p/webrtc'
import type { TransportComponents } from './host/dial-host.ts'

/** Creates the transport; no STUN server learns of the visit. */
export function createWebrtcDirect(components: TransportComponents): Pick<Transport, 'dial'> {
  return webRTCDirect()(components as unknown as WebRTCDirectTransportComponents)
}
