/**
 * Passes a sealed query on towards its audience (DESIGN §9): over an open connection, else to an address of its node
 * record, else to the relay that its circuit address names. Frames come back the same way, pulled as the asker takes them.
 */
import { recordAddresses } from '@enigma/client'
import {
  networkLimits,
  pickConnection,
  type QueryHandler,
  sendQuery,
  type StreamPool,
  type TransferObserver,
} from '@enigma/network'
import { type ErrorCode, MarketplaceError, type NodeRecord } from '@enigma/protocol'
import type { Connection, Libp2p } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { relayLimits } from './relay-limits.ts'
import { type ForwardWatch, watchForwards } from './watch-forwards.ts'

export type CreateForwarderParameters = {
  node: Pick<Libp2p, 'dial' | 'getConnections' | 'peerId'>
  /** A pool of `protocolIds.query`. */
  streams: StreamPool
  /** The unexpired record of a node, verified. */
  nodeRecordOf: (peerId: string) => NodeRecord | undefined
  /** A monotonic clock. */
  nowMs: () => number
  /** Time without a frame of the answer, in milliseconds, over all hops that are tried. */
  maxQuietMs?: number | undefined
  /** For the whole answer of one hop, in milliseconds. */
  maxTotalMs?: number | undefined
  observer?: TransferObserver | undefined
  /** Called at the start of each query that is passed on. */
  watchForward?: (() => ForwardWatch) | undefined
}

/** Someone who may bring the query on: the audience itself, or a relay that it is reserved at. */
type NextHop = { peerId: string; addresses: Multiaddr[] }
type Dialler = (hop: NextHop, signal: AbortSignal) => Promise<Connection>

/** Codes of a path that leads nowhere; the next one is tried while nothing has come back. */
const pathCodes: readonly ErrorCode[] = ['no-route', 'timeout', 'version-mismatch']

/** Creates the handler of queries for other nodes. */
export function createForwarder(parameters: CreateForwarderParameters): QueryHandler {
  const { streams, node, nowMs } = parameters
  const { maxQuietMs = networkLimits.queryQuietMs, maxTotalMs = networkLimits.queryTotalMs } = parameters
  const dial = createDialler(parameters)
  return watchForwards(async function* forward({ route, sealed, remote, signal }, own) {
    const observer = bothOf(parameters.observer, own)
    let failure: unknown
    const beganAtMs = nowMs()
    for (const hop of nextHops(parameters, route.audience)) {
      if (hop.peerId === remote.peerId || hop.peerId === node.peerId.toString()) continue
      let hasBegun = false
      try {
        const connection = await dial(hop, signal)
        const times = { maxQuietMs, maxTotalMs, nowMs }
        for await (const group of sendQuery({ streams, connection, route, sealed, signal, observer, ...times })) {
          hasBegun = true
          yield group
        }
        return
      } catch (error) {
        // The asker does not wait for another hop after one that took all the time.
        const isLate = nowMs() - beganAtMs >= maxQuietMs
        if (hasBegun || isLate || signal.aborted || !isPathFailure(error)) throw error
        failure = error
      }
    }
    const message = 'This relay knows no way to the node now; try another relay.'
    throw new MarketplaceError({ code: 'no-route', message, cause: failure })
  }, parameters.watchForward)
}

function bothOf(one: TransferObserver | undefined, other: TransferObserver | undefined): TransferObserver {
  return {
    onSent(bytes) {
      one?.onSent?.(bytes)
      other?.onSent?.(bytes)
    },
    onBuffered(bytes) {
      one?.onBuffered?.(bytes)
      other?.onBuffered?.(bytes)
    },
  }
}

function isPathFailure(error: unknown): boolean {
  return error instanceof MarketplaceError && pathCodes.includes(error.code)
}

function nextHops({ nodeRecordOf }: CreateForwarderParameters, audience: string): NextHop[] {
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

/** Open connections first; a peer whose addresses just failed is not dialled again at once. */
function createDialler({ node, nowMs }: CreateForwarderParameters): Dialler {
  const failedAtMs = new Map<string, number>()
  return async ({ peerId, addresses }, signal) => {
    const open = pickConnection(node.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peerId))
    if (open !== undefined) return open
    const failed = failedAtMs.get(peerId)
    if (addresses.length === 0 || (failed !== undefined && nowMs() - failed < relayLimits.dialPauseMs)) {
      throw notReached(peerId)
    }
    try {
      const timeout = AbortSignal.timeout(relayLimits.dialTimeoutMs)
      return await node.dial(addresses, { signal: AbortSignal.any([signal, timeout]) })
    } catch (cause) {
      if (failedAtMs.size >= relayLimits.dialPauses) failedAtMs.clear()
      failedAtMs.set(peerId, nowMs())
      throw notReached(peerId, cause)
    }
  }
}

function notReached(peerId: string, cause?: unknown): MarketplaceError {
  const message = 'The next node on the way cannot be reached.'
  return new MarketplaceError({ code: 'no-route', message, details: peerId, cause })
}
