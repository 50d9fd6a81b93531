/** Names of transports for people. */
const names: Readonly<Record<string, string>> = {
  webrtc: 'WebRTC',
  'webrtc-direct': 'WebRTC direct',
  websocket: 'WebSocket',
  tcp: 'TCP',
  circuit: 'a relayed circuit',
  other: 'another transport',
}

/** `WebRTC direct` for `webrtc-direct`; what has no name is given as it is. */
export function formatTransport(kind: string): string {
  return names[kind] ?? kind
}
