/** Items that one side puts and the other takes, in order; a failure or the end reaches a taker after what was put before. */
export type Mailbox<Item> = {
  put: (item: Item) => void
  /** Undefined once it is closed and empty; throws what it failed with. */
  take: () => Promise<Item | undefined>
  fail: (error: unknown) => void
  close: () => void
}

/** Creates an empty mailbox for one taker; whoever puts bounds what waits in it. */
export function createMailbox<Item>(): Mailbox<Item> {
  const items: Item[] = []
  let end: { error?: unknown } | undefined
  let wake: (() => void) | undefined
  const finish = (how: { error?: unknown }) => {
    end ??= how
    wake?.()
  }
  return {
    put(item) {
      if (end !== undefined) return
      items.push(item)
      wake?.()
    },
    async take() {
      while (items.length === 0 && end === undefined) {
        const { promise, resolve } = Promise.withResolvers<undefined>()
        wake = () => resolve(undefined)
        await promise
      }
      if (items.length > 0) return items.shift()
      if (end !== undefined && 'error' in end) throw end.error
      return undefined
    },
    fail: (error) => finish({ error }),
    close: () => finish({}),
  }
}
