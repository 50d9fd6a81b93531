/** The present revision of an embed, from relays: what they say is verified, and the highest revision counts. */
import { verifyEmbed } from '@enigma/crypto'
import { fetchEmbed } from '@enigma/network'
import { type Embed, type Hex, isPaused, MarketplaceError } from '@enigma/protocol'
import type { AskingInside } from '../create-asking.ts'
import { raceRelays } from '../race-relays.ts'
import type { Relay } from '../relay-list.ts'
import { deploymentOf } from '../sessions.ts'

/** How long a revision is used before relays are asked again. */
const cacheMs = 60_000
/** For all relays together, where a revision is asked for afresh. */
const askAllMs = 5_000
/** Revisions kept: of pages that ask for one embed after the other. */
const cached = 1000

export type FindEmbed = (parameters: {
  id: Hex
  /** Asks relays even where a revision is remembered, as after a node knew a newer one. */
  isFresh?: boolean
  signal?: AbortSignal | undefined
}) => Promise<Embed>

/** Creates the finder; it throws `grant-unknown`, `grant-paused`, `grant-expired`, `grant-invalid`, `no-relay`. */
export function createFindEmbed({ parts, connections }: Pick<AskingInside, 'parts' | 'connections'>): FindEmbed {
  const known = new Map<Hex, { embed: Embed; atMs: number }>()
  const deployment = deploymentOf(parts.network)

  const askRelay = async (relay: Relay, id: Hex, signal: AbortSignal): Promise<Embed> => {
    const connection = await connections.toRelay(relay, { signal })
    const embed = await fetchEmbed({ connection, id, signal })
    if (embed === undefined) throw unknownEmbed(id)
    await verifyEmbed({ embed, deployment, nowSeconds: parts.nowSeconds() })
    return embed
  }
  /** The first word that stands up. */
  const askOne = async (id: Hex, signal: AbortSignal | undefined): Promise<Embed> => {
    const work = (relay: Relay, ended: AbortSignal) => askRelay(relay, id, ended)
    return (await raceRelays({ relays: connections.relays(), signal, work })).result
  }
  /** The highest revision that any relay has: one of them may have missed some. */
  const askAll = async (id: Hex, signal: AbortSignal | undefined): Promise<Embed> => {
    const deadline = AbortSignal.timeout(askAllMs)
    const ended = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    const told = await Promise.allSettled(connections.relays().map((relay) => askRelay(relay, id, ended)))
    const embeds = told.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const [newest] = embeds.toSorted((a, b) => revisionOf(b) - revisionOf(a))
    return newest ?? askOne(id, signal)
  }
  const ask = async (id: Hex, isFresh: boolean, signal: AbortSignal | undefined): Promise<Embed> => {
    const result = await (isFresh ? askAll : askOne)(id, signal).catch((error: unknown) => {
      throw mostTelling(error)
    })
    const before = known.get(id)?.embed
    return before !== undefined && revisionOf(before) > revisionOf(result) ? before : result
  }

  return async ({ id, isFresh = false, signal }) => {
    const remembered = known.get(id)
    const isRecent = remembered !== undefined && parts.nowMs() - remembered.atMs < cacheMs
    const embed = isRecent && !isFresh ? remembered.embed : await ask(id, isFresh, signal)
    if (known.size >= cached) known.clear()
    if (embed !== remembered?.embed || !isRecent) known.set(id, { embed, atMs: parts.nowMs() })
    if (isPaused(embed.grant.grant)) throw paused()
    return embed
  }
}

function revisionOf({ grant }: Embed): number {
  return grant.grant.revision
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
