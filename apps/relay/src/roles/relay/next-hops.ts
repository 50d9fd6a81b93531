/**
 * The next hop of the way to a node: an open connection, else an address of its node record, else the relay that its
 * circuit address names (DESIGN §9).
 */
import { recordAddresses } from '@enigma/client'
import { pickConnection } from '@enigma/network'
import { type ErrorCode, MarketplaceError, type NodeRecord } from '@enigma/protocol'
import type { Connection, Libp2p } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { relayLimits } from './relay-limits.ts'

export type CreateNextHopsParameters = {
  node: Pick<Libp2p, 'dial' | 'getConnections' | 'peerId'>
  /** The unexpired record of a node, verified. */
  nodeRecordOf: (peerId: string) => NodeRecord | undefined
  /** A monotonic clock. */
  nowMs: () => number
}

/** Someone who may bring a query on: the audience itself, or a relay that it is reserved at. */
export type NextHop = { peerId: string; addresses: Multiaddr[] }

export type NextHops = {
  /** Those that may lead to the audience, the best first; never this node itself. */
  to: (audience: string) => readonly NextHop[]
  /** Throws `no-route`. */
  dial: (hop: NextHop, signal: AbortSignal) => Promise<Connection>
}

/** Of a path that leads nowhere; the next one is tried while nothing has come back. */
const pathCodes: readonly ErrorCode[] = ['no-route', 'timeout', 'version-mismatch']

/** Whether another hop may still lead to the audience. */
export function isPathFailure(code: ErrorCode): boolean {
  return pathCodes.includes(code)
}

/** Creates the ways; they share what they know of addresses that failed. */
export function createNextHops(parameters: CreateNextHopsParameters): NextHops {
  return { to: (audience) => hopsTo(parameters, audience), dial: createDialler(parameters) }
}

function hopsTo({ node, nodeRecordOf }: CreateNextHopsParameters, audience: string): NextHop[] {
  const record = nodeRecordOf(audience)
  const addresses = record === undefined ? [] : recordAddresses(record)
  const hops = new Map<string, NextHop>([[audience, { peerId: audience, addresses: [] }]])
  for (const address of addresses) {
    const relay = relayOf(address)
    const peerId = relay?.peerId ?? audience
    const hop = hops.get(peerId) ?? { peerId, addresses: [] }
    hop.addresses.push(relay?.address ?? address)
    hops.set(peerId, hop)
  }
  hops.delete(node.peerId.toString())
  return [...hops.values()].slice(0, relayLimits.hopsTried)
}

/** The relay that a circuit address goes through; undefined for an address of the node itself. */
function relayOf(address: Multiaddr): { peerId: string; address: Multiaddr } | undefined {
  const [before, circuit] = address.toString().split('/p2p-circuit')
  if (circuit === undefined || before === undefined) return undefined
  const relay = multiaddr(before)
  const peerId = relay.getComponents().find(({ name }) => name === 'p2p')?.value
  return peerId === undefined ? undefined : { peerId, address: relay }
}

/** Open connections first; addresses that just failed are not dialled again at once. */
function createDialler({ node, nowMs }: CreateNextHopsParameters): NextHops['dial'] {
  const failedAtMs = new Map<string, number>()
  return async ({ peerId, addresses }, signal) => {
    const open = pickConnection(node.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peerId))
    if (open !== undefined) return open
    // By what is dialled: the addresses of a stranger's record must not keep a relay from being dialled by its own.
    const key = [peerId, ...addresses].join(' ')
    const failed = failedAtMs.get(key)
    if (addresses.length === 0 || (failed !== undefined && nowMs() - failed < relayLimits.dialPauseMs)) {
      throw notReached(peerId)
    }
    try {
      const timeout = AbortSignal.timeout(relayLimits.dialTimeoutMs)
      return await node.dial(addresses, { signal: AbortSignal.any([signal, timeout]) })
    } catch (cause) {
      if (failedAtMs.size >= relayLimits.dialPauses) failedAtMs.clear()
      failedAtMs.set(key, nowMs())
      throw notReached(peerId, cause)
    }
  }
}

function notReached(peerId: string, cause?: unknown): MarketplaceError {
  const message = 'The next node on the way cannot be reached.'
  return new MarketplaceError({ code: 'no-route', message, details: peerId, cause })
}
