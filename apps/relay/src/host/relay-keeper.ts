/**
 * Keeps a node connected to its relays and, for a private node, reserved at them. libp2p never remakes a lost
 * reservation by itself when nothing else reconnects it (js-libp2p#3601): this does, by condition and not by schedule.
 */
import type { Connection, Libp2p } from '@libp2p/interface'
import { pickConnection } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createWakeup, type Wakeup } from './wakeup.ts'

export const relayLinkStates = ['waiting', 'dialling', 'reserving', 'ready'] as const
type RelayLinkState = (typeof relayLinkStates)[number]

/** One relay as the keeper sees it. */
export type RelayLink = {
  peerId: string
  state: RelayLinkState
  /** Attempts that failed since it was last ready. */
  failures: number
  lastError: string | undefined
}

export type CreateRelayKeeperParameters = {
  host: Pick<
    Libp2p,
    'dial' | 'getConnections' | 'getMultiaddrs' | 'addEventListener' | 'removeEventListener' | 'peerId'
  >
  /** Multiaddrs of relays with their `/p2p/` part; several of one relay are tried together. The node's own is skipped. */
  relays: readonly string[]
  /** A private node is ready at a relay only with a reservation there. */
  needsReservation: boolean
  /** Told each time a relay is ready again, with the connection to it. */
  onReady?: ((connection: Connection) => void) | undefined
  /** Told of each change of a link. */
  onChange?: ((link: RelayLink) => void) | undefined
  /** From 0 to below 1. */
  random?: (() => number) | undefined
  /** 500 when absent; doubles with each failure up to `longestBackoffMs`. */
  firstBackoffMs?: number | undefined
  /** 30,000 when absent. */
  longestBackoffMs?: number | undefined
}

export type RelayKeeper = {
  start: () => void
  stop: () => Promise<void>
  links: () => RelayLink[]
  /** Connections to the relays that are ready now. */
  connections: () => Connection[]
  /** Resolves once at least `count` relays are ready; rejects with `no-relay` when the signal aborts first. */
  untilReady: (parameters: { count: number; signal: AbortSignal }) => Promise<void>
}

const dialTimeoutMs = 10_000
const reserveTimeoutMs = 15_000

type Link = RelayLink & { addresses: Multiaddr[]; wakeup: Wakeup }
type Keeper = CreateRelayKeeperParameters & { stopping: AbortController; waiting: Set<() => void> }

/** Creates a keeper; nothing happens before `start`. Throws `setting-invalid` for an address without a peerId. */
export function createRelayKeeper(parameters: CreateRelayKeeperParameters): RelayKeeper {
  const { host } = parameters
  const keeper: Keeper = { ...parameters, stopping: new AbortController(), waiting: new Set() }
  const links = groupByPeer(parameters.relays, host.peerId.toString())
  const wakeAll = () => links.forEach((link) => link.wakeup.wake())
  let running: Promise<unknown> | undefined
  return {
    start() {
      host.addEventListener('connection:close', wakeAll)
      host.addEventListener('connection:open', wakeAll)
      host.addEventListener('self:peer:update', wakeAll)
      running ??= Promise.all(links.map((link) => keepLink(keeper, link)))
    },
    async stop() {
      host.removeEventListener('connection:close', wakeAll)
      host.removeEventListener('connection:open', wakeAll)
      host.removeEventListener('self:peer:update', wakeAll)
      keeper.stopping.abort()
      wakeAll()
      await running
    },
    links: () => links.map(({ peerId, state, failures, lastError }) => ({ peerId, state, failures, lastError })),
    connections: () => links.filter(isReady).flatMap((link) => connectionTo(keeper, link) ?? []),
    untilReady: ({ count, signal }) => untilReady(keeper, links, count, signal),
  }
}

function isReady({ state }: RelayLink): boolean {
  return state === 'ready'
}

async function untilReady(keeper: Keeper, links: readonly Link[], count: number, signal: AbortSignal): Promise<void> {
  while (links.filter(isReady).length < count) {
    if (signal.aborted) {
      const details = links.map(({ peerId, lastError }) => `${peerId}: ${lastError ?? 'no answer yet'}`).join('; ')
      throw new MarketplaceError({ code: 'no-relay', message: 'No relay can be reached yet.', details })
    }
    await new Promise<void>((resolve) => {
      const done = () => {
        keeper.waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      keeper.waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
}

/** Runs until the keeper stops: each turn looks at what is, does what is missing, and waits for a change. */
async function keepLink(keeper: Keeper, link: Link): Promise<void> {
  while (!isStopping(keeper)) {
    try {
      const connection = connectionTo(keeper, link) ?? (await dial(keeper, link))
      await reserve(keeper, link, connection)
      setState(keeper, link, 'ready')
      keeper.onReady?.(connection)
      while (!isStopping(keeper) && isHeld(keeper, link, connection)) await link.wakeup.wait()
    } catch (error) {
      if (isStopping(keeper)) return
      link.failures++
      link.lastError = error instanceof Error ? error.message : String(error)
      setState(keeper, link, 'waiting')
      await link.wakeup.sleep(backoffMs(keeper, link.failures), keeper.stopping.signal)
    }
  }
}

function isStopping({ stopping }: Keeper): boolean {
  return stopping.signal.aborted
}

function isHeld(keeper: Keeper, link: Link, connection: Connection): boolean {
  return connection.status === 'open' && hasReservation(keeper, link)
}

async function dial(keeper: Keeper, link: Link): Promise<Connection> {
  setState(keeper, link, 'dialling')
  const signal = AbortSignal.any([keeper.stopping.signal, AbortSignal.timeout(dialTimeoutMs)])
  return keeper.host.dial(link.addresses, { signal })
}

/**
 * The library reserves when a relay connects and a slot is free. Where it does not, the connection is closed, so that the
 * next one makes it try again.
 */
async function reserve(keeper: Keeper, link: Link, connection: Connection): Promise<void> {
  if (hasReservation(keeper, link)) return
  setState(keeper, link, 'reserving')
  const timeout = AbortSignal.timeout(reserveTimeoutMs)
  const wake = () => link.wakeup.wake()
  timeout.addEventListener('abort', wake)
  while (!hasReservation(keeper, link) && connection.status === 'open') {
    if (keeper.stopping.signal.aborted) return
    if (timeout.aborted) {
      await connection.close({ signal: AbortSignal.timeout(1000) }).catch((error: unknown) => {
        connection.abort(error instanceof Error ? error : new Error('not closed'))
      })
      throw new Error(`The relay gave no reservation within ${reserveTimeoutMs} ms.`)
    }
    await link.wakeup.wait()
  }
  timeout.removeEventListener('abort', wake)
  if (connection.status !== 'open') throw new Error('The relay closed the connection.')
}

function hasReservation({ host, needsReservation }: Keeper, { peerId }: Link): boolean {
  return !needsReservation || host.getMultiaddrs().some((address) => isCircuitThrough(address, peerId))
}

function isCircuitThrough(address: Multiaddr, peerId: string): boolean {
  return address.toString().includes(`/p2p/${peerId}/p2p-circuit`)
}

function connectionTo({ host }: Keeper, { peerId }: Link): Connection | undefined {
  return pickConnection(host.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peerId))
}

function setState(keeper: Keeper, link: Link, state: RelayLinkState): void {
  if (state === 'ready') {
    link.failures = 0
    link.lastError = undefined
  }
  link.state = state
  for (const done of [...keeper.waiting]) done()
  const { peerId, failures, lastError } = link
  keeper.onChange?.({ peerId, state, failures, lastError })
}

function backoffMs(
  { random = Math.random, firstBackoffMs = 500, longestBackoffMs = 30_000 }: Keeper,
  failures: number,
) {
  const full = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 16))
  return full * (0.5 + random() / 2)
}

function groupByPeer(relays: readonly string[], ownPeerId: string): Link[] {
  const links = new Map<string, Link>()
  for (const text of relays) {
    const address = multiaddr(text)
    const peerId = address.getComponents().find(({ name }) => name === 'p2p')?.value
    if (peerId === undefined) {
      const message = 'The address of a relay must end with /p2p/ and its peerId.'
      throw new MarketplaceError({ code: 'setting-invalid', message, details: text })
    }
    if (peerId === ownPeerId) continue
    const link = links.get(peerId)
    if (link !== undefined) link.addresses.push(address)
    else links.set(peerId, newLink(peerId, address))
  }
  return [...links.values()]
}

function newLink(peerId: string, address: Multiaddr): Link {
  return {
    peerId,
    addresses: [address],
    state: 'waiting',
    failures: 0,
    lastError: undefined,
    wakeup: createWakeup(),
  }
}
