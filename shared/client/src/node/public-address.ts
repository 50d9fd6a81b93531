/** Which IP addresses are on the public internet (IANA special-purpose registries, RFC 6890 and its updates). */
import { BlockList, isIP, isIPv4 } from 'node:net'

const special4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const

/** Inside 2000::/3, the only global unicast block: protocol assignments with Teredo, documentation, 6to4. */
const special6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const

const specialBlocks = new BlockList()
for (const [network, prefix] of special4) specialBlocks.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of special6) specialBlocks.addSubnet(network, prefix, 'ipv6')
const globalUnicast6 = new BlockList()
globalUnicast6.addSubnet('2000::', 3, 'ipv6')

/** Whether an IP address in text is public; false for anything that is not an address, and for mapped IPv4. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false
  if (isIPv4(address)) return !specialBlocks.check(address, 'ipv4')
  return globalUnicast6.check(address, 'ipv6') && !specialBlocks.check(address, 'ipv6')
}
