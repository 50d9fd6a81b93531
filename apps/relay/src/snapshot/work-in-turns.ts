/** Work on segments of datasets whose curators nobody knows: few tasks at once, in order, and each within a time. */
import type { RunSegmentWork } from './segment-worker.ts'

export type WorkInTurnsParameters = { work: RunSegmentWork; atOnce: number; timeoutMs: number }

/** Wraps `work`; a task that was left does nothing in its turn. */
export function createWorkInTurns({ work, atOnce, timeoutMs }: WorkInTurnsParameters): RunSegmentWork {
  const waiting: (() => void)[] = []
  let running = 0
  return async ({ signal, ...task }) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      signal?.throwIfAborted()
      const timeout = AbortSignal.timeout(timeoutMs)
      return await work({ ...task, signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) })
    } finally {
      // The place goes straight to the next one.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
