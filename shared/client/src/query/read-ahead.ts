/** Work on what comes next while the present item is still in use: in order, a bounded number of items at once. */

export type ReadAheadParameters<In, Out> = {
  source: AsyncIterable<In>
  /** Called in the order of the source; its results are yielded in that order. */
  map: (item: In) => Promise<Out>
  /** Items that are under way or wait to be taken, at least 1. */
  depth: number
  /** Called once nothing more is wanted; must make an item of the source that is awaited come or fail. */
  onEnd: () => void
}

type Ahead<Out> = { isDone: true } | { isDone: false; value: Out }

/** Yields the mapped items; the first failure of source or map ends it when its turn comes. */
export async function* readAhead<In, Out>({
  source,
  map,
  depth,
  onEnd,
}: ReadAheadParameters<In, Out>): AsyncGenerator<Out, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  const ahead: Promise<Ahead<Out>>[] = []
  const pull = (): void => {
    const item = iterator.next().then(async (next): Promise<Ahead<Out>> => {
      return next.done === true ? { isDone: true } : { isDone: false, value: await map(next.value) }
    })
    // It is thrown when its turn comes; until then, or when nobody waits any more, it is not unhandled.
    item.catch(() => undefined)
    ahead.push(item)
  }
  try {
    for (;;) {
      while (ahead.length < depth) pull()
      const item = await ahead.shift()
      if (item === undefined || item.isDone) return
      yield item.value
    }
  } finally {
    onEnd()
    await iterator.return?.()
  }
}
