/** A condition that one loop waits for and others announce; an announcement before the waiting is not lost. */

export type Wakeup = {
  wake: () => void
  /** Resolves at the next announcement, or at once after one that nobody waited for. */
  wait: () => Promise<void>
  /** Resolves after `timeoutMs` or when the signal aborts; announcements do not shorten it. */
  sleep: (timeoutMs: number, signal: AbortSignal) => Promise<void>
}

/** Creates a wake-up for one waiting loop. */
export function createWakeup(): Wakeup {
  let isPending = false
  let resolveWait: (() => void) | undefined
  return {
    wake() {
      isPending = true
      resolveWait?.()
    },
    async wait() {
      if (!isPending) await new Promise<void>((resolve) => (resolveWait = resolve))
      resolveWait = undefined
      isPending = false
    },
    sleep: (timeoutMs, signal) =>
      new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        signal.addEventListener('abort', done)
        if (signal.aborted) done()
      }),
  }
}
