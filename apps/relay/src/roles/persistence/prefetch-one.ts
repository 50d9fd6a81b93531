/**
 * Works on the next item while the consumer has the present one; never further ahead. A consumer that leaves early calls
 * `stop` first, so that work under way ends instead of being waited for.
 */
export async function* prefetchOne<Item>({
  source,
  stop,
}: {
  source: AsyncGenerator<Item, void, undefined>
  stop: () => void
}): AsyncGenerator<Item, void, undefined> {
  let next = settle(source.next())
  let ended = false
  try {
    for (;;) {
      const outcome = await next
      if ('error' in outcome || outcome.result.done === true) ended = true
      if ('error' in outcome) throw outcome.error
      if (outcome.result.done === true) return
      next = settle(source.next())
      yield outcome.result.value
    }
  } finally {
    if (!ended) stop()
    await next
    await source.return()
  }
}

type Settled<Result> = { result: Result } | { error: unknown }

/** An item that fails while nobody waits for it must not become an unhandled rejection: it is thrown when pulled. */
function settle<Result>(promise: Promise<Result>): Promise<Settled<Result>> {
  return promise.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  )
}
