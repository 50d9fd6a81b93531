/** The addresses of a node record that are worth a dial: a stranger may have signed it. */
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

/** A node has a few: TCP, WebSocket and WebRTC, on two kinds of IP, or through two relays. */
export const maxRecordAddresses = 12

/** The first addresses that this version understands; none that would make the DNS name others. */
export function recordAddresses({ multiaddrs }: { multiaddrs: readonly string[] }): Multiaddr[] {
  return multiaddrs.slice(0, maxRecordAddresses).flatMap((text) => {
    const address = parseAddress(text)
    return address === undefined || address.getComponents().some(({ name }) => name === 'dnsaddr') ? [] : [address]
  })
}

function parseAddress(text: string): Multiaddr | undefined {
  try {
    return multiaddr(text)
  } catch {
    // A record may hold addresses of a kind that this version does not know.
    return undefined
  }
}
