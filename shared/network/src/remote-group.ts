/** Who shares a limit: peerIds cost nothing, addresses do. */

/**
 * The part of a remote multiaddr that one operator holds: an IPv4 address, the first 64 bits of an IPv6 one, or the
 * first name of any other address.
 */
export function remoteGroup(address: string): string {
  const [, kind = '', value = ''] = address.split('/')
  return kind === 'ip6' ? `ip6 ${prefixOf(value)}` : `${kind} ${value}`
}

function prefixOf(address: string): string {
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1)
  const [left = [], right] = address.split('::').map((half) => half.split(':').filter((part) => part !== ''))
  const zeros = right === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array<string>(zeros).fill('0'), ...(right ?? [])].slice(0, 4).join(':')
}
