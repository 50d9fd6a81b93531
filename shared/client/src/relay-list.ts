/** The relays of a network and what this client has seen of them: the ones that answered come first, also the next time. */
import { MarketplaceError } from '@enigma/protocol'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { RelayMemo, RelayMemory } from './types.ts'

export type Relay = { peerId: string; addresses: readonly Multiaddr[] }

export type RelayState = 'idle' | 'connecting' | 'connected' | 'failed'

/** What is known of one relay; times in Unix milliseconds. */
export type RelayFacts = {
  relay: Relay
  state: RelayState
  isPreferred: boolean
  /** In a row. */
  failures: number
  lastConnectedAt: number | undefined
  lastError: string | undefined
}

export type RelayList = {
  /** Preferred, then those that answered last, then as the network file names them; what failed comes last. */
  all: () => readonly Relay[]
  facts: () => readonly RelayFacts[]
  /** Notes a step of connecting. */
  note: (relay: Relay, step: { state: RelayState; error?: unknown }) => void
  /** It answered: it is tried first, and remembered. */
  prefer: (relay: Relay) => void
  /** It failed: it is tried last, and forgotten. */
  demote: (relay: Relay) => void
  /** The user's own choice, or none; kept over failures. */
  choose: (peerId: string | undefined) => void
}

export type CreateRelayListParameters = {
  /** Each ends with `/p2p/<peerId>`. */
  addresses: readonly string[]
  memory?: RelayMemory | undefined
  nowSeconds: () => number
  onChange: () => void
}

/** Relays that are remembered at most. */
const maxMemos = 16

/** Creates the list; throws `setting-invalid` for an address that names no peer. */
export function createRelayList(parameters: CreateRelayListParameters): RelayList {
  const { addresses, memory, onChange } = parameters
  const nowUnixMs = () => parameters.nowSeconds() * 1000
  const facts = groupByPeer(addresses).map((relay): RelayFacts => ({ ...untouched, relay }))
  const answeredAt = new Map<string, number>()
  for (const memo of memory?.memos.slice(0, maxMemos) ?? []) {
    const known = facts.find(({ relay }) => relay.peerId === memo.peerId)
    if (known === undefined) continue
    if (memo.answeredAt > 0) answeredAt.set(memo.peerId, memo.answeredAt)
    known.isPreferred = memo.isPreferred
  }
  const factsOf = (relay: Relay) => facts.find((each) => each.relay.peerId === relay.peerId)
  sortByMemory(facts, answeredAt)

  const save = () => {
    const kept = facts.flatMap(({ relay: { peerId }, isPreferred }): RelayMemo[] => {
      const at = answeredAt.get(peerId)
      return at === undefined && !isPreferred ? [] : [{ peerId, answeredAt: at ?? 0, isPreferred }]
    })
    memory?.save(kept.slice(0, maxMemos))
  }
  const move = (relay: Relay, to: 'front' | 'back') => {
    const known = factsOf(relay)
    if (known === undefined) return
    facts.splice(facts.indexOf(known), 1)
    if (to === 'back') facts.push(known)
    else facts.splice(known.isPreferred ? 0 : facts.findIndex(isNotChosen), 0, known)
  }
  return {
    all: () => facts.map(({ relay }) => relay),
    facts: () => facts.map((each) => ({ ...each })),
    note(relay, { state, error }) {
      const known = factsOf(relay)
      if (known === undefined) return
      known.state = state
      if (state === 'connected')
        Object.assign(known, { failures: 0, lastError: undefined, lastConnectedAt: nowUnixMs() })
      if (state === 'failed') Object.assign(known, { failures: known.failures + 1, lastError: textOf(error) })
      onChange()
    },
    prefer(relay) {
      const now = nowUnixMs()
      const before = answeredAt.get(relay.peerId) ?? 0
      answeredAt.set(relay.peerId, now)
      if (facts[0]?.relay.peerId !== relay.peerId) move(relay, 'front')
      else if (now - before < rememberEveryMs) return
      save()
    },
    demote(relay) {
      move(relay, 'back')
      if (answeredAt.delete(relay.peerId)) save()
      onChange()
    },
    choose(peerId) {
      for (const each of facts) each.isPreferred = each.relay.peerId === peerId
      sortByMemory(facts, answeredAt)
      save()
      onChange()
    },
  }
}

/** A relay that goes on answering is not written down each time. */
const rememberEveryMs = 60_000

const untouched: Omit<RelayFacts, 'relay'> = {
  state: 'idle',
  isPreferred: false,
  failures: 0,
  lastConnectedAt: undefined,
  lastError: undefined,
}

/** Where one that answered goes: behind the user's choice, if that has not failed. */
function isNotChosen({ isPreferred, failures }: RelayFacts): boolean {
  return !isPreferred || failures > 0
}

function sortByMemory(facts: RelayFacts[], answeredAt: ReadonlyMap<string, number>): void {
  const at = ({ relay }: RelayFacts) => answeredAt.get(relay.peerId) ?? 0
  facts.sort((a, b) => Number(b.isPreferred) - Number(a.isPreferred) || at(b) - at(a))
}

function textOf(error: unknown): string | undefined {
  const [deepest] = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  return deepest instanceof Error ? deepest.message : undefined
}

function groupByPeer(addresses: readonly string[]): Relay[] {
  const byPeer = new Map<string, Multiaddr[]>()
  for (const text of addresses) {
    const { peerId, address } = parseRelayAddress(text)
    byPeer.set(peerId, [...(byPeer.get(peerId) ?? []), address])
  }
  return [...byPeer].map(([peerId, all]) => ({ peerId, addresses: all }))
}

/** Parses a relay's address of a network file; throws `setting-invalid`. */
export function parseRelayAddress(text: string): { peerId: string; address: Multiaddr } {
  const peerId = /\/p2p\/([^/]+)$/.exec(text)?.[1]
  if (peerId === undefined) throw wrongAddress('A relay address must end with /p2p/<peerId>.', text)
  try {
    return { peerId, address: multiaddr(text) }
  } catch (cause) {
    throw wrongAddress('A relay address of the network file is no multiaddr.', text, cause)
  }
}

function wrongAddress(message: string, details: string, cause?: unknown): MarketplaceError {
  return new MarketplaceError({ code: 'setting-invalid', message, details, cause })
}
