/** Ends an answer whose reader stops fetching: it would keep an engine process from everybody else. */
export async function* watchStalls<Item>({
  source,
  stallMs,
  onStall,
}: {
  source: AsyncGenerator<Item, void, undefined>
  stallMs: number
  onStall: () => void
}): AsyncGenerator<Item, void, undefined> {
  for await (const item of source) {
    const timer = setTimeout(onStall, stallMs)
    try {
      yield item
    } finally {
      clearTimeout(timer)
    }
  }
}
