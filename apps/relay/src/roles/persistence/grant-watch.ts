/**
 * Learns of newer revisions of the embeds that this node is asked by, from relays: a pause or a narrower grant is obeyed
 * within a minute, whatever visitors go on to send.
 */
import { verifyRevision } from '@enigma/crypto'
import { type Deployment, type Embed, type Hex, MarketplaceError } from '@enigma/protocol'
import type { GrantStore } from '../../store/grant-store.ts'
import { LruMap } from './lru-map.ts'

export type CreateGrantWatchParameters = {
  deployment: Deployment
  store: GrantStore
  /** The revisions of an embed that relays have; not verified yet. */
  findEmbeds: (id: Hex, signal: AbortSignal) => Promise<readonly Embed[]>
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
  onError: (error: unknown) => void
}

export type GrantWatch = {
  /** Resolves when what is known of an embed is young enough, or could not be had in a short while; never rejects. */
  refresh: (id: Hex) => Promise<void>
}

type Watched = { atMs: number; failedAtMs: number; asking: Promise<void> | undefined }

/** Younger than this, nobody is asked; older than twice this, the query waits for the answer. */
const freshMs = 25_000
/** A query does not wait longer for relays. */
const waitMs = 2_000
const askTimeoutMs = 10_000
/** Relays that did not answer are left in peace for this long. */
const failurePauseMs = 3_000
const watched = 10_000

/** Creates the watch. */
export function createGrantWatch(parameters: CreateGrantWatchParameters): GrantWatch {
  const { nowMs, onError } = parameters
  const seen = new LruMap<Hex, Watched>({ maxEntries: watched })
  return {
    async refresh(id) {
      const known = seen.get(id) ?? { atMs: -Infinity, failedAtMs: -Infinity, asking: undefined }
      const ageMs = nowMs() - known.atMs
      if (ageMs < freshMs || nowMs() - known.failedAtMs < failurePauseMs) return
      known.asking ??= learn(parameters, id)
        .then(
          () => void (known.atMs = nowMs()),
          (error: unknown) => {
            known.failedAtMs = nowMs()
            onError(error)
          },
        )
        .finally(() => (known.asking = undefined))
      seen.set(id, known)
      if (ageMs < 2 * freshMs) return
      await Promise.race([known.asking, pause(waitMs)])
    },
  }
}

async function learn(
  { deployment, store, findEmbeds, nowSeconds }: CreateGrantWatchParameters,
  id: Hex,
): Promise<void> {
  for (const embed of await findEmbeds(id, AbortSignal.timeout(askTimeoutMs))) {
    const { grant } = embed.grant
    if (grant.id !== id) continue
    try {
      // One that has ended ends the revisions before it, too.
      const hash = await verifyRevision({ embed, deployment, nowSeconds: nowSeconds() })
      store.note({ grant, hash }, nowSeconds())
    } catch (error) {
      // One relay's false word does not hide another's.
      if (!(error instanceof MarketplaceError)) throw error
    }
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs).unref())
}
