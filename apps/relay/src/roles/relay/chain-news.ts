/** Waiting for the chain mirror to see what somebody already tells of; bounded in number and time. */
import { relayLimits } from './relay-limits.ts'

export type ChainNews = {
  /** The mirror has moved. */
  tell: () => void
  /** Whether the condition came true in time; false at once when too many wait. */
  until: (parameters: {
    condition: () => boolean
    timeoutMs: number
    signal?: AbortSignal | undefined
  }) => Promise<boolean>
}

/** Creates the waiting room. */
export function createChainNews(): ChainNews {
  const waiting = new Set<() => void>()
  return {
    tell() {
      for (const check of waiting) check()
    },
    until({ condition, timeoutMs, signal }) {
      if (timeoutMs <= 0 || waiting.size >= relayLimits.chainWaiters) return Promise.resolve(condition())
      const { promise, resolve, reject } = Promise.withResolvers<boolean>()
      const check = () => {
        try {
          if (condition()) resolve(true)
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      const giveUp = () => resolve(false)
      const timer = setTimeout(giveUp, timeoutMs)
      signal?.addEventListener('abort', giveUp)
      waiting.add(check)
      check()
      return promise.finally(() => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', giveUp)
        waiting.delete(check)
      })
    },
  }
}
