/** How long a reader waits: signs of life keep a transfer open, but not for ever. */
import { timedOut } from './frame-errors.ts'

export type PatienceLimits = {
  /** Silence after which the sender counts as gone, in milliseconds. */
  idleTimeoutMs: number
  /** Time without a data frame, whatever signs of life come; for ever when absent. */
  maxQuietMs?: number | undefined
  /** Time of the whole transfer, the reader's own work included; for ever when absent. */
  maxTotalMs?: number | undefined
  /** A monotonic clock; `performance.now` when absent. */
  nowMs?: (() => number) | undefined
}

export type Patience = {
  /** How long to wait for the next message, in milliseconds; throws `timeout` when a limit has passed. */
  leftMs: () => number
  /** A data frame came and was consumed: the wait for the next one begins. */
  progress: () => void
}

/** Begins to wait. */
export function createPatience({
  idleTimeoutMs,
  maxQuietMs = Infinity,
  maxTotalMs = Infinity,
  nowMs = () => performance.now(),
}: PatienceLimits): Patience {
  const endMs = nowMs() + maxTotalMs
  let quietEndMs = nowMs() + maxQuietMs
  return {
    leftMs() {
      const now = nowMs()
      if (now >= endMs) throw timedOut('finish', maxTotalMs)
      if (now >= quietEndMs) throw timedOut('send anything but signs of life', maxQuietMs)
      return Math.min(idleTimeoutMs, quietEndMs - now, endMs - now)
    },
    progress() {
      quietEndMs = nowMs() + maxQuietMs
    },
  }
}
