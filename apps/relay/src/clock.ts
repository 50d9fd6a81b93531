/** Time as a role is given it, so that a test can run a month in a moment. */
export type Clock = {
  nowMs(): number
  /** Calls back once after a delay; returns how to cancel. */
  after(delayMs: number, callback: () => void): () => void
}

const longestTimeoutMs = 2 ** 31 - 1

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, longestTimeoutMs))
    return () => clearTimeout(timer)
  },
}

/** Resolves after a delay, or at once when the signal is aborted. */
export function sleep({
  clock,
  delayMs,
  signal,
}: {
  clock: Clock
  delayMs: number
  signal: AbortSignal
}): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  if (signal.aborted) return Promise.resolve()
  const wake = () => resolve(undefined)
  const cancel = clock.after(delayMs, wake)
  signal.addEventListener('abort', wake)
  return promise.finally(() => {
    cancel()
    signal.removeEventListener('abort', wake)
  })
}
