/**
 * Learns of newer revisions of the embeds that this node is asked by, from relays: a pause or a narrower grant is obeyed
 * within a minute, whatever visitors go on to send, and whatever number of embeds another account is asked by.
 */
import { type VerifyContractSignature, verifyRevision } from '@enigma/crypto'
import { type Deployment, type Embed, type Grant, type Hex, limits, MarketplaceError } from '@enigma/protocol'
import type { GrantStore } from '../../store/grant-store.ts'
import { createFairTurns } from './fair-turns.ts'
import { LruMap } from '../../lru-map.ts'

export type CreateGrantWatchParameters = {
  deployment: Deployment
  store: GrantStore
  /**
   * Hands on what relays have of an embed as it comes, not verified; resolves soon after `onEmbed` has found one that
   * stands up.
   */
  findEmbeds: (parameters: {
    id: Hex
    signal: AbortSignal
    onEmbed: (embed: Embed) => Promise<boolean>
  }) => Promise<void>
  /** For embeds of smart accounts. */
  verifyContractSignature?: VerifyContractSignature | undefined
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
  onError: (error: unknown) => void
}

export type GrantWatch = {
  /**
   * Resolves when what is known of an embed is young enough, or could not be had in a short while; throws `rate-limited`
   * for one embed more of an account than can be watched.
   */
  refresh: (grant: Pick<Grant, 'root' | 'id'>) => Promise<void>
}

type Watched = { usedAtMs: number; atMs: number; failedAtMs: number; asking: Promise<void> | undefined }

/** Younger than this, nobody is asked; older than twice this, the query waits for the answer. */
const freshMs = 25_000
/** A query does not wait longer for relays. */
const waitMs = 2_000
const askTimeoutMs = 10_000
/** Relays that did not answer are left in peace for this long. */
const failurePauseMs = 3_000
/** An embed that nobody asked by for this long gives its place to another one of its account. */
const idleMs = 60_000
/** Accounts whose embeds are remembered. */
const maxAccounts = 2_000
/** Questions to relays, of which each takes 50 a second from a peer and lets it save up 200. */
const turns = { atOnce: 16, perLane: 4, perSecond: 40, burst: 160 }

/** Creates the watch. */
export function createGrantWatch(parameters: CreateGrantWatchParameters): GrantWatch {
  const { nowMs, onError } = parameters
  const accounts = new LruMap<Hex, Map<Hex, Watched>>({ maxEntries: maxAccounts })
  const line = createFairTurns({ ...turns, nowMs })
  const ask = (root: Hex, id: Hex, known: Watched): Promise<void> =>
    line
      .run(root, () => learn(parameters, id))
      .then(
        () => void (known.atMs = nowMs()),
        (error: unknown) => {
          known.failedAtMs = nowMs()
          onError(error)
        },
      )
      .finally(() => (known.asking = undefined))
  return {
    async refresh({ root, id }) {
      const ids = accounts.get(root) ?? new Map<Hex, Watched>()
      accounts.set(root, ids)
      const known = watchedOf(ids, id, nowMs())
      const ageMs = nowMs() - known.atMs
      if (ageMs < freshMs || nowMs() - known.failedAtMs < failurePauseMs) return
      known.asking ??= ask(root, id, known)
      if (ageMs < 2 * freshMs) return
      await Promise.race([known.asking, pause(waitMs)])
    },
  }
}

/** The one that is asked by now, as the latest of its account; that account's idlest makes room. */
function watchedOf(ids: Map<Hex, Watched>, id: Hex, nowMs: number): Watched {
  const known = ids.get(id) ?? { usedAtMs: nowMs, atMs: -Infinity, failedAtMs: -Infinity, asking: undefined }
  if (!ids.delete(id) && ids.size >= limits.embedsPerAccount) dropIdlest(ids, nowMs)
  known.usedAtMs = nowMs
  ids.set(id, known)
  return known
}

function dropIdlest(ids: Map<Hex, Watched>, nowMs: number): void {
  const [first] = ids
  if (first !== undefined && nowMs - first[1].usedAtMs >= idleMs) {
    ids.delete(first[0])
    return
  }
  throw new MarketplaceError({
    code: 'rate-limited',
    message: `This node answers by ${limits.embedsPerAccount} embeds of an account within a minute; try again later.`,
  })
}

async function learn(
  { deployment, store, findEmbeds, verifyContractSignature, nowSeconds }: CreateGrantWatchParameters,
  id: Hex,
): Promise<void> {
  const onEmbed = async (embed: Embed): Promise<boolean> => {
    const { grant } = embed.grant
    if (grant.id !== id) return false
    try {
      // One that has ended ends the revisions before it, too.
      const hash = await verifyRevision({ embed, deployment, verifyContractSignature, nowSeconds: nowSeconds() })
      store.note({ grant, hash }, nowSeconds())
      return true
    } catch (error) {
      // One relay's false word does not hide another's.
      if (error instanceof MarketplaceError) return false
      throw error
    }
  }
  await findEmbeds({ id, signal: AbortSignal.timeout(askTimeoutMs), onEmbed })
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs).unref())
}
