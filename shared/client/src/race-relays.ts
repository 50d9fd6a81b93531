/** One relay after the other, the next one before the last has failed: the first that does the work wins. */
import { aborted } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import type { Relay } from './connections.ts'

/** A relay that is silent for this long is joined by the next one. */
const staggerMs = 2_000

export type RaceRelaysParameters<Result> = {
  /** In order of preference. */
  relays: readonly Relay[]
  /** `signal` aborts when another relay has won. */
  work: (relay: Relay, signal: AbortSignal) => Promise<Result>
  signal?: AbortSignal | undefined
  /** Told of each relay that failed while none had won. */
  onFailed?: (relay: Relay, error: unknown) => void
}

/** The first result; throws `no-relay` whose cause holds every failure, or `aborted`. */
export async function raceRelays<Result>(
  parameters: RaceRelaysParameters<Result>,
): Promise<{ relay: Relay; result: Result }> {
  const { relays, work, signal, onFailed } = parameters
  const race = new AbortController()
  const both = signal === undefined ? race.signal : AbortSignal.any([signal, race.signal])
  const runs: Promise<{ relay: Relay; result: Result }>[] = []
  for (const [index, relay] of relays.entries()) {
    const previous = runs.at(-1)
    const run = async () => {
      if (previous !== undefined) await failureOrDelay(previous, index * staggerMs, both)
      both.throwIfAborted()
      return { relay, result: await work(relay, both) }
    }
    runs.push(
      run().catch((error: unknown) => {
        if (!both.aborted) onFailed?.(relay, error)
        throw error
      }),
    )
  }
  try {
    return await Promise.any(runs)
  } catch (cause) {
    if (signal?.aborted) throw aborted(signal)
    throw new MarketplaceError({
      code: 'no-relay',
      message: 'No relay can be reached; check the connection and the network file.',
      cause,
    })
  } finally {
    race.abort()
  }
}

/** Resolves when `run` failed or the time is over; stays pending when it succeeded, for then nothing follows. */
function failureOrDelay(run: Promise<unknown>, delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), delayMs)
  const end = () => resolve(undefined)
  signal.addEventListener('abort', end)
  run.catch(end)
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  })
}
