/** Multiaddrs from a thin client's side: what carries them, which ones this program can dial, and in what order. */
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { TransportKind } from './types.ts'

/** What carries a connection at an address. */
export function kindOfAddress(address: Multiaddr): TransportKind {
  const names = new Set(address.getComponents().map(({ name }) => name))
  if (names.has('p2p-circuit')) return names.has('webrtc') ? 'webrtc' : 'circuit'
  if (names.has('webrtc-direct')) return 'webrtc-direct'
  if (names.has('ws') || names.has('wss')) return 'websocket'
  return names.has('tcp') ? 'tcp' : 'other'
}

/** Whether a connection of this kind is a WebRTC one. */
export function isWebrtc(kind: TransportKind): boolean {
  return kind === 'webrtc' || kind === 'webrtc-direct'
}

/** Kinds from the best to the worst for bulk: WebRTC in Chromium carries a third of what a WebSocket does. */
const byThroughput: readonly TransportKind[] = ['tcp', 'websocket', 'webrtc-direct', 'webrtc', 'circuit', 'other']
const webrtcFirst: readonly TransportKind[] = ['webrtc-direct', 'webrtc', 'tcp', 'websocket', 'circuit', 'other']

/** How good a kind is for a caller's preference, 0 for the best. */
export function rankOfKind(kind: TransportKind, preference: 'any' | 'websocket' | 'webrtc'): number {
  return (preference === 'webrtc' ? webrtcFirst : byThroughput).indexOf(kind)
}

/** What a page may dial. */
export type PageLimits = {
  /** Whether the page came by https: it then reaches no plain ws, but on its own machine. */
  isSecure: boolean
  hasWebrtc: boolean
  /** Loopback and private addresses too: for development networks only. */
  allowPrivateAddresses: boolean
}

/** Says which addresses a page can dial; a circuit is dialled at its relay. */
export function createPageFilter({ isSecure, hasWebrtc, allowPrivateAddresses }: PageLimits) {
  return (address: Multiaddr): boolean => {
    const kind = kindOfAddress(address)
    if (isWebrtc(kind) && !hasWebrtc) return false
    const components = address.getComponents()
    const circuitAt = components.findIndex(({ name }) => name === 'p2p-circuit')
    const entry = circuitAt < 0 ? address : multiaddr(components.slice(0, circuitAt))
    const entryKind = kindOfAddress(entry)
    if (entryKind !== 'websocket' && entryKind !== 'webrtc-direct') return false
    if (entryKind === 'webrtc-direct' && !hasWebrtc) return false
    const host = hostOf(entry)
    if (host === undefined || (!allowPrivateAddresses && isPrivateHost(host))) return false
    return entryKind === 'webrtc-direct' || !isSecure || isEncrypted(entry) || isLoopback(host)
  }
}

const hostNames: ReadonlySet<string> = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

function hostOf(address: Multiaddr): string | undefined {
  return address
    .getComponents()
    .find(({ name }) => hostNames.has(name))
    ?.value?.toLowerCase()
}

function isEncrypted(address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'wss' || name === 'tls')
}

function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** Names and addresses that mean another machine for everyone: loopback, private, link-local, multicast. */
export function isPrivateHost(host: string): boolean {
  if (isLoopback(host) || host.endsWith('.local') || host.endsWith('.internal')) return true
  if (host.includes(':')) return isPrivateIp6(host)
  const [a, b, c, d, ...more] = host.split('.').map(Number)
  if (a === undefined || b === undefined || more.length > 0 || ![a, b, c, d].every(Number.isInteger)) return false
  const isCarrier = a === 100 && b >= 64 && b < 128
  const isLocal = a === 0 || a === 10 || a === 127 || (a === 169 && b === 254) || (a === 192 && b === 168)
  return isLocal || isCarrier || (a === 172 && b >= 16 && b < 32) || a >= 224
}

/** Only 2000::/3 is routed; of it, tunnels that carry an IPv4 address are as private as that one may be. */
function isPrivateIp6(host: string): boolean {
  const first = Number.parseInt(host.split(':')[0] ?? '', 16)
  return (
    !(first >= 0x2000 && first <= 0x3fff) || first === 0x2002 || host.startsWith('2001:0:') || host.startsWith('2001::')
  )
}
