/** WebRTC as a page dials it: at a peer's own address, or agreed on over a relay. */
import type { Transport } from '@libp2p/interface'
import {
  webRTC,
  webRTCDirect,
  type WebRTCDirectTransportComponents,
  type WebRTCTransportComponents,
} from '@libp2p/webrtc'
import type { TransportComponents } from './dial-host.ts'

type Dialler = Pick<Transport, 'dial'>

/** Creates both transports. */
export function createWebrtc(
  components: TransportComponents,
  rtcConfiguration: RTCConfiguration,
): { direct: Dialler; relayed: Dialler } {
  return {
    direct: webRTCDirect({ rtcConfiguration })(components as unknown as WebRTCDirectTransportComponents),
    relayed: webRTC({ rtcConfiguration })(components as unknown as WebRTCTransportComponents),
  }
}
