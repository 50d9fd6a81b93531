/** The present revision of an embed, from relays: what they say is verified, and the one that counts is taken. */
import { verifyEmbed } from '@enigma/crypto'
import { askTogether, fetchEmbed } from '@enigma/network'
import { type Embed, type Hex, isPaused, MarketplaceError, outranks, type Revision } from '@enigma/protocol'
import type { AskingInside } from '../create-asking.ts'
import { raceRelays } from '../race-relays.ts'
import type { Relay } from '../relay-list.ts'
import { deploymentOf } from '../sessions.ts'
import { contractSignatures } from './contract-signatures.ts'

/** How long a revision is used before relays are asked again. */
const cacheMs = 60_000
/** For all relays together, where a revision is asked for afresh. */
const askAllMs = 5_000
/** For the other relays, once one has told of a revision that is new here. */
const graceMs = 250
/** Revisions kept: of pages that ask for one embed after the other. */
const cached = 1000

export type FindEmbed = (parameters: {
  id: Hex
  /** Asks relays even where a revision is remembered, as after a node knew a newer one. */
  isFresh?: boolean
  signal?: AbortSignal | undefined
}) => Promise<Embed>

type Told = Revision & { embed: Embed }
type Finder = Pick<AskingInside, 'parts' | 'connections'>

/** Creates the finder; it throws `grant-unknown`, `grant-paused`, `grant-expired`, `grant-invalid`, `no-relay`. */
export function createFindEmbed(finder: Finder): FindEmbed {
  const { parts } = finder
  const known = new Map<Hex, Told & { atMs: number }>()
  return async ({ id, isFresh = false, signal }) => {
    const remembered = known.get(id)
    const isRecent = remembered !== undefined && parts.nowMs() - remembered.atMs < cacheMs
    const told = isRecent && !isFresh ? remembered : await ask(finder, { id, isFresh, signal, known: remembered })
    // Another page's question may have brought a newer one meanwhile.
    const present = known.get(id)
    const best = present !== undefined && outranks(present, told) ? present : told
    if (known.size >= cached) known.clear()
    if (best !== remembered || !isRecent) known.set(id, { ...best, atMs: parts.nowMs() })
    if (isPaused(best.embed.grant.grant)) throw paused()
    return best.embed
  }
}

type AskParameters = { id: Hex; isFresh: boolean; known: Told | undefined; signal: AbortSignal | undefined }

async function ask(finder: Finder, { isFresh, ...asked }: AskParameters): Promise<Told> {
  try {
    return await (isFresh ? askAll : askOne)(finder, asked)
  } catch (error) {
    throw mostTelling(error)
  }
}

/** The first word that stands up. */
async function askOne(finder: Finder, { id, signal }: Omit<AskParameters, 'isFresh'>): Promise<Told> {
  const work = (relay: Relay, ended: AbortSignal) => askRelay(finder, relay, id, ended)
  return (await raceRelays({ relays: finder.connections.relays(), signal, work })).result
}

/** What counts of all that relays have, one of which may have missed some, and another may be slow. */
async function askAll(finder: Finder, asked: Omit<AskParameters, 'isFresh'>): Promise<Told> {
  const { id, known, signal } = asked
  const leave = new AbortController()
  const ends = [leave.signal, AbortSignal.timeout(askAllMs), ...(signal === undefined ? [] : [signal])]
  const ended = AbortSignal.any(ends)
  let newest: Told | undefined
  try {
    await askTogether({
      items: finder.connections.relays(),
      work: (relay) => askRelay(finder, relay, id, ended),
      onAnswer: (told) => {
        if (newest === undefined || outranks(told, newest)) newest = told
        return known === undefined || outranks(told, known)
      },
      graceMs,
    })
  } catch {
    // Asked once more one by one, which tells why.
    return await askOne(finder, asked)
  } finally {
    leave.abort()
  }
  return newest ?? askOne(finder, asked)
}

async function askRelay({ parts, connections }: Finder, relay: Relay, id: Hex, signal: AbortSignal): Promise<Told> {
  const connection = await connections.toRelay(relay, { signal })
  const embed = await fetchEmbed({ connection, id, signal })
  if (embed === undefined) throw unknownEmbed(id)
  const deployment = deploymentOf(parts.network)
  const hash = await verifyEmbed({
    ...{ embed, deployment, nowSeconds: parts.nowSeconds() },
    ...contractSignatures(parts),
  })
  return { embed, hash, revision: embed.grant.grant.revision }
}

/** Of what several relays said, the first that is about the embed itself. */
function mostTelling(error: unknown): unknown {
  if (!(error instanceof MarketplaceError) || !(error.cause instanceof AggregateError)) return error
  const failures = error.cause.errors.filter((each) => each instanceof MarketplaceError)
  return failures.find(({ code }) => code.startsWith('grant-')) ?? error
}

function unknownEmbed(id: Hex): MarketplaceError {
  return new MarketplaceError({
    code: 'grant-unknown',
    message: 'No relay knows this embed; check its id, or have its owner publish it again.',
    details: id,
  })
}

function paused(): MarketplaceError {
  return new MarketplaceError({
    code: 'grant-paused',
    message: 'The owner of this embed has paused it; try again later.',
  })
}
