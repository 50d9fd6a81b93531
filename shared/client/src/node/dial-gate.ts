/**
 * Where a node may connect to on a real network. Node records and relays name addresses, and anyone can sign a record:
 * without this, a stranger could make a node knock at doors behind its own firewall.
 */
import { lookup as lookupBySystem } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isPublicAddress } from './public-address.ts'

export type DialGate = {
  /** After libp2p has resolved `/dnsaddr`; every other name is resolved here. */
  denyDialMultiaddr: (address: Multiaddr) => Promise<boolean>
  /** For connections by name: a name that resolves to another address by now is refused, too. */
  lookup: LookupFunction
}

export type CreateDialGateParameters = {
  /** Multiaddrs that the operator has named; their hosts may be anywhere. */
  trusted: readonly Multiaddr[]
  /** Resolves a name to all its addresses. */
  resolve?: ((hostname: string) => Promise<readonly string[]>) | undefined
}

const nameKinds = new Set(['dns', 'dns4', 'dns6', 'sni'])
const hostKinds = new Set(['ip4', 'ip6', 'ip6zone', ...nameKinds])

/** Creates the gate. */
export function createDialGate({ trusted, resolve = resolveBySystem }: CreateDialGateParameters): DialGate {
  const trustedHosts = new Set(trusted.flatMap(hostsOf))
  const isAllowed = async (host: string, address: Multiaddr): Promise<boolean> => {
    if (trustedHosts.has(host)) return true
    const name = normalName(host)
    if (name === undefined) return false
    if (isIP(name) !== 0) return isPublicAddress(name)
    // The transports below resolve names by themselves: only TLS binds what they then reach to the name.
    if (has(address, 'udp') || (has(address, 'ws') && !has(address, 'tls'))) return false
    return arePublic(await resolve(name).catch(() => []))
  }
  return {
    async denyDialMultiaddr(address) {
      if (has(address, 'unix') || has(address, 'memory')) return true
      const allowed = await Promise.all(hostsOf(address).map((host) => isAllowed(host, address)))
      return allowed.includes(false)
    },
    lookup(hostname, options, callback) {
      lookupBySystem(hostname, { ...options, all: true }, (error, found) => {
        const addresses = error === null ? found : []
        const [first] = addresses
        const isRefused = !trustedHosts.has(hostname) && !arePublic(addresses.map(({ address }) => address))
        if (first === undefined || isRefused) callback(error ?? new Error(`${hostname} is not public`), '', 0)
        else if (options.all === true) callback(null, addresses)
        else callback(null, first.address, first.family)
      })
    },
  }
}

/** Every host that an address names; an `/ip6zone` names an interface of this machine. */
function hostsOf(address: Multiaddr): string[] {
  return address.getComponents().flatMap(({ name, value }) => (hostKinds.has(name) ? [value ?? ''] : []))
}

function has(address: Multiaddr, kind: string): boolean {
  return address.getComponents().some(({ name }) => name === kind || (kind === 'tls' && name === 'wss'))
}

/** The host as a URL would have it: `127.1`, `0x7f.1` and `2130706433` are all 127.0.0.1. */
function normalName(host: string): string | undefined {
  if (isIP(host) !== 0) return host
  // What no name holds would be read in one way here and in another by a transport.
  if (!/^[\w.-]+$/.test(host)) return undefined
  const hostname = URL.parse(`http://${host}/`)?.hostname
  return hostname?.replace(/^\[|\]$/g, '')
}

function arePublic(addresses: readonly string[]): boolean {
  return addresses.length > 0 && addresses.every(isPublicAddress)
}

function resolveBySystem(hostname: string): Promise<readonly string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
  lookupBySystem(hostname, { all: true }, (error, found) => {
    if (error === null) resolve(found.map(({ address }) => address))
    else reject(error)
  })
  return promise
}
