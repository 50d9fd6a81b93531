/** Who may do how much at once or a second: bounded counters by key, with the clock injected. */

export type ConcurrencyLimiter = {
  /** Takes a place and returns how to give it back, or undefined when there is none. */
  enter: (key: string) => (() => void) | undefined
  /** Places taken now. */
  readonly active: number
}

/** At most `perKey` at once for each key and `total` together. */
export function createConcurrencyLimiter({ perKey, total }: { perKey: number; total: number }): ConcurrencyLimiter {
  const counts = new Map<string, number>()
  let active = 0
  return {
    enter(key) {
      const count = counts.get(key) ?? 0
      if (count >= perKey || active >= total) return undefined
      counts.set(key, count + 1)
      active++
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        active--
        const left = (counts.get(key) ?? 1) - 1
        if (left === 0) counts.delete(key)
        else counts.set(key, left)
      }
    },
    get active() {
      return active
    },
  }
}

export type RateLimiter = {
  /** Takes one of the key's tokens; false when there is none. */
  take: (key: string) => boolean
}

export type CreateRateLimiterParameters = {
  perSecond: number
  /** Tokens that a key saves up. */
  burst: number
  /** Keys remembered; the one seen longest ago is forgotten first. */
  maxKeys?: number
  nowMs: () => number
}

/** A token bucket for each key. */
export function createRateLimiter({
  perSecond,
  burst,
  maxKeys = 10_000,
  nowMs,
}: CreateRateLimiterParameters): RateLimiter {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return {
    take(key) {
      const now = nowMs()
      const bucket = buckets.get(key) ?? { tokens: burst, atMs: now }
      const tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) * perSecond) / 1000)
      buckets.delete(key)
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: now })
      if (buckets.size > maxKeys) forgetOldest(buckets)
      return tokens >= 1
    },
  }
}

export type SeenSet = {
  /** Remembers a key; false when it was remembered already. */
  add: (key: string) => boolean
}

/** Keys of the last `ttlMs`, at most `maxEntries`. */
export function createSeenSet({
  ttlMs,
  maxEntries,
  nowMs,
}: {
  ttlMs: number
  maxEntries: number
  nowMs: () => number
}): SeenSet {
  const seen = new Map<string, number>()
  return {
    add(key) {
      const now = nowMs()
      for (const [old, atMs] of seen) {
        if (now - atMs < ttlMs && seen.size < maxEntries) break
        seen.delete(old)
      }
      if (seen.has(key)) return false
      seen.set(key, now)
      return true
    },
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key)
    return
  }
}
