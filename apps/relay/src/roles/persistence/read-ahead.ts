/**
 * Works ahead of the consumer until `maxBytes` are waiting for it: a small answer is made whole, and its engine free,
 * however slowly it is fetched. A consumer that leaves early calls `stop`, so that work under way ends. Once `signal` is
 * aborted the source is ended without waiting for the consumer, and nothing that was made is yielded any more.
 */
export type ReadAheadParameters<Item> = {
  source: AsyncGenerator<Item, void, undefined>
  sizeOf: (item: Item) => number
  maxBytes: number
  signal: AbortSignal
  stop: () => void
}

/** Yields the items of `source` in order; at most `maxBytes` and one item are held. */
export async function* readAhead<Item>(parameters: ReadAheadParameters<Item>): AsyncGenerator<Item, void, undefined> {
  const { source, sizeOf, maxBytes, signal, stop } = parameters
  const waiting: Item[] = []
  let bytes = 0
  let changed = Promise.withResolvers<undefined>()
  const state = { isLeft: false, outcome: undefined as { error?: unknown } | undefined }
  const isLeft = () => state.isLeft
  const change = () => {
    changed.resolve(undefined)
    changed = Promise.withResolvers()
  }
  const leave = () => {
    state.isLeft = true
    waiting.length = 0
    change()
  }

  async function produce(): Promise<void> {
    for await (const item of source) {
      if (isLeft()) return
      waiting.push(item)
      bytes += sizeOf(item)
      change()
      while (bytes >= maxBytes && !isLeft()) await changed.promise
      if (isLeft()) return
    }
  }
  const produced = produce().then(
    () => (state.outcome = {}),
    (error: unknown) => (state.outcome = { error }),
  )
  void produced.then(change)
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  try {
    while (!signal.aborted) {
      const item = waiting.shift()
      if (item !== undefined) {
        bytes -= sizeOf(item)
        change()
        yield item
      } else if (state.outcome === undefined) {
        await changed.promise
      } else if ('error' in state.outcome) {
        throw state.outcome.error
      } else {
        return
      }
    }
  } finally {
    signal.removeEventListener('abort', leave)
    if (state.outcome === undefined) stop()
    leave()
    await produced
  }
}
