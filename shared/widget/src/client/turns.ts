/** A few at a time: work that has to wait begins in the order in which it was asked for. */

/** Creates turns; `most` run at once. One who is aborted while he waits leaves the queue with the signal's reason. */
export function createTurns(most: number) {
  const waiting: (() => void)[] = []
  let running = 0

  return async <Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> => {
    signal.throwIfAborted()
    if (running >= most) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      const begin = () => resolve(undefined)
      const leave = () => {
        const at = waiting.indexOf(begin)
        if (at >= 0) waiting.splice(at, 1)
        reject(signal.reason as Error)
      }
      waiting.push(begin)
      signal.addEventListener('abort', leave, { once: true })
      await promise.finally(() => signal.removeEventListener('abort', leave))
    } else {
      running++
    }
    // Whoever has waited takes over the place of the one who ended.
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
