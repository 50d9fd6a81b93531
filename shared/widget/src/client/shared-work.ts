/** Work that several widgets want at once is done once; it ends when the last of them has left. */

type Work<Result> = { promise: Promise<Result>; wanted: number; ended: AbortController }

export type ShareParameters<Result, Step> = {
  /** The same for the same work. */
  key: string
  signal: AbortSignal
  onStep: (step: Step) => void
  begin: (parameters: { signal: AbortSignal; onStep: (step: Step) => void }) => Promise<Result>
}

/** Creates the sharing of one kind of work; rejects with the signal's reason for whoever leaves. */
export function createSharedWork<Result, Step>() {
  const running = new Map<string, Work<Result> & { listeners: Set<(step: Step) => void> }>()

  return async ({ key, signal, onStep, begin }: ShareParameters<Result, Step>): Promise<Result> => {
    signal.throwIfAborted()
    let work = running.get(key)
    if (work === undefined) {
      const ended = new AbortController()
      const listeners = new Set<(step: Step) => void>()
      const tell = (step: Step) => {
        for (const listen of listeners) listen(step)
      }
      const promise = begin({ signal: ended.signal, onStep: tell }).finally(() => {
        if (running.get(key)?.ended === ended) running.delete(key)
      })
      // Whoever has left must not leave an unhandled rejection behind.
      promise.catch(() => undefined)
      work = { promise, wanted: 0, ended, listeners }
      running.set(key, work)
    }
    const { promise, ended, listeners } = work
    work.wanted++
    listeners.add(onStep)
    const { promise: left, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([promise, left])
    } finally {
      signal.removeEventListener('abort', onAbort)
      listeners.delete(onStep)
      if (--work.wanted === 0) {
        if (running.get(key) === work) running.delete(key)
        ended.abort(signal.reason)
      }
    }
  }
}
