/** One peer after the other, the next one before the last has failed: the first that does the work wins. */
import { aborted } from './framing/frame-errors.ts'

/** One that is silent for this long is joined by the next. */
const defaultStaggerMs = 2_000

export type RaceInTurnParameters<Item, Result> = {
  /** In order of preference. */
  items: readonly Item[]
  /** `signal` aborts when another one has won. */
  work: (item: Item, signal: AbortSignal) => Promise<Result>
  signal?: AbortSignal | undefined
  /** Told of each that failed while none had won. */
  onFailed?: ((item: Item, error: unknown) => void) | undefined
  staggerMs?: number | undefined
}

/** The first result; throws `aborted`, or an `AggregateError` of every failure in the order of the items. */
export async function raceInTurn<Item, Result>({
  items,
  work,
  signal,
  onFailed,
  staggerMs = defaultStaggerMs,
}: RaceInTurnParameters<Item, Result>): Promise<{ item: Item; result: Result }> {
  const race = new AbortController()
  const both = signal === undefined ? race.signal : AbortSignal.any([signal, race.signal])
  const runs: Promise<{ item: Item; result: Result }>[] = []
  for (const [index, item] of items.entries()) {
    const previous = runs.at(-1)
    const run = async () => {
      if (previous !== undefined) await failureOrDelay(previous, index * staggerMs, both)
      both.throwIfAborted()
      return { item, result: await work(item, both) }
    }
    runs.push(
      run().catch((error: unknown) => {
        if (!both.aborted) onFailed?.(item, error)
        throw error
      }),
    )
  }
  try {
    return await Promise.any(runs)
  } catch (cause) {
    throw signal?.aborted === true ? aborted(signal) : cause
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
