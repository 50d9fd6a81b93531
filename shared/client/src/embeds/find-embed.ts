/** The present revision of an embed, from relays: what they say is verified, and the highest revision counts. */
import { verifyEmbed } from '@enigma/crypto'
import { fetchEmbed } from '@enigma/network'
import { type Embed, type Hex, isPaused, MarketplaceError } from '@enigma/protocol'
import type { AskingInside } from '../create-asking.ts'
import { raceRelays } from '../race-relays.ts'
import { deploymentOf } from '../sessions.ts'

/** How long a revision is used before relays are asked again. */
const cacheMs = 60_000
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

  const ask = async (id: Hex, signal: AbortSignal | undefined): Promise<Embed> => {
    const { result } = await raceRelays({
      relays: connections.relays(),
      signal,
      work: async (relay, ended) => {
        const connection = await connections.toRelay(relay, { signal: ended })
        const embed = await fetchEmbed({ connection, id, signal: ended })
        if (embed === undefined) throw unknownEmbed(id)
        await verifyEmbed({ embed, deployment, nowSeconds: parts.nowSeconds() })
        return embed
      },
    }).catch((error: unknown) => {
      throw mostTelling(error)
    })
    const before = known.get(id)?.embed
    return before !== undefined && revisionOf(before) > revisionOf(result) ? before : result
  }

  return async ({ id, isFresh = false, signal }) => {
    const remembered = known.get(id)
    const isRecent = remembered !== undefined && parts.nowMs() - remembered.atMs < cacheMs
    const embed = isRecent && !isFresh ? remembered.embed : await ask(id, signal)
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
