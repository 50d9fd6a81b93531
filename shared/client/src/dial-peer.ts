/** One connection to a peer: its addresses raced, each a moment after the one before (after RFC 8305), the first wins. */
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isWebrtc, kindOfAddress, rankOfKind } from './addresses.ts'
import type { Host, TransportKind, TransportPreference } from './types.ts'

/**
 * An address that has not answered for this long is joined by the next one. Longer than the quarter of a second that
 * RFC 8305 has for TCP alone: here a WebSocket, noise and a muxer follow, on a slow phone as on a slow line.
 */
const staggerMs = 500
/** A circuit is what remains where nothing direct comes about: it waits longer. */
const circuitStaggerMs = 1_000
const connectTimeoutMs = 10_000
/** Records may hold more; nobody needs them. */
const maxAddresses = 8

export type DialChoice = {
  preference: TransportPreference
  webrtcOnly: boolean
}

/** Whether a kind is what the caller would rather have. */
export function isPreferred(kind: TransportKind, preference: TransportPreference): boolean {
  return preference === 'any' || (preference === 'webrtc' ? isWebrtc(kind) : kind === 'websocket')
}

/** The addresses to dial in order: those of the preferred kinds together, the others once they have failed. */
export function addressesToDial(
  addresses: readonly Multiaddr[],
  { preference, webrtcOnly }: DialChoice,
  canDial: (address: Multiaddr) => boolean,
): Multiaddr[][] {
  const ranked = addresses
    .filter((address) => (!webrtcOnly || isWebrtc(kindOfAddress(address))) && canDial(address))
    .map((address) => ({ address, kind: kindOfAddress(address) }))
    .toSorted((a, b) => rankOfKind(a.kind, preference) - rankOfKind(b.kind, preference))
    .slice(0, maxAddresses)
  return [true, false]
    .map((wanted) => ranked.filter(({ kind }) => isPreferred(kind, preference) === wanted))
    .filter((group) => group.length > 0)
    .map((group) => group.map(({ address }) => address))
}

/** Dials one group of addresses after the other; throws an error whose cause is every failure, or the signal's reason. */
export async function dialPeer(
  host: Pick<Host, 'dial'>,
  groups: readonly (readonly Multiaddr[])[],
  signal: AbortSignal,
): Promise<Connection> {
  const failures: unknown[] = []
  for (const addresses of groups) {
    try {
      return await race(host, addresses, signal)
    } catch (error) {
      signal.throwIfAborted()
      failures.push(...(error instanceof AggregateError ? (error.errors as unknown[]) : [error]))
    }
  }
  if (failures.length === 0) throw new TypeError('no address that this client can dial')
  throw new AggregateError(failures, 'no address could be dialled')
}

async function race(
  host: Pick<Host, 'dial'>,
  addresses: readonly Multiaddr[],
  signal: AbortSignal,
): Promise<Connection> {
  const over = new AbortController()
  const both = AbortSignal.any([signal, over.signal, AbortSignal.timeout(connectTimeoutMs)])
  const won = { by: undefined as Connection | undefined }
  const dials: Promise<Connection>[] = []
  let delayMs = 0
  for (const [index, address] of addresses.entries()) {
    if (index > 0) delayMs += kindOfAddress(address) === 'circuit' ? circuitStaggerMs : staggerMs
    const turn = index === 0 ? undefined : failureOrDelay(dials.slice(), delayMs, both)
    dials.push(dialInTurn(host, address, { turn, signal: both, won }))
  }
  try {
    return await Promise.any(dials)
  } finally {
    over.abort(new Error('another address was faster'))
  }
}

type Turn = { turn: Promise<void> | undefined; signal: AbortSignal; won: { by: Connection | undefined } }

async function dialInTurn(
  host: Pick<Host, 'dial'>,
  address: Multiaddr,
  { turn, signal, won }: Turn,
): Promise<Connection> {
  await turn
  signal.throwIfAborted()
  const connection = await host.dial(address, { signal, force: true })
  // Two may arrive in one turn of the event loop: one connection is enough.
  if (won.by !== undefined && won.by !== connection) {
    connection.abort(new Error('another address was faster'))
    throw new Error('another address was faster')
  }
  won.by = connection
  return connection
}

/** Resolves when every dial before has failed, or the time is over. */
function failureOrDelay(before: readonly Promise<Connection>[], delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const end = () => resolve(undefined)
  const timer = setTimeout(end, delayMs)
  signal.addEventListener('abort', end)
  // The one that succeeds has won, and nothing follows.
  Promise.any(before).catch(end)
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  })
}
