/** Waiting for the head to reach a block, by condition. */

export type Waiters = {
  /** Wakes those whose block has come. */
  notify: (head: number) => void
  /** Resolves true once the head is at `number` or later, false after `timeoutMs` or on abort. */
  waitForBlock: (parameters: {
    head: number | undefined
    number: number
    timeoutMs: number
    signal?: AbortSignal
  }) => Promise<boolean>
}

/** Creates an empty waiting room. */
export function createWaiters(): Waiters {
  const waiting = new Set<{ number: number; wake: () => void }>()
  return {
    notify(head) {
      for (const each of waiting) if (head >= each.number) each.wake()
    },
    waitForBlock({ head, number, timeoutMs, signal }) {
      if (head !== undefined && head >= number) return Promise.resolve(true)
      if (signal?.aborted === true) return Promise.resolve(false)
      return new Promise((resolve) => {
        const settle = (reached: boolean) => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', giveUp)
          waiting.delete(entry)
          resolve(reached)
        }
        const giveUp = () => settle(false)
        const entry = { number, wake: () => settle(true) }
        const timer = setTimeout(giveUp, timeoutMs)
        signal?.addEventListener('abort', giveUp)
        waiting.add(entry)
      })
    },
  }
}
