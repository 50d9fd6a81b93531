/** A clock that stands still until a test moves it. */
import type { Clock } from '../clock.ts'

export class ManualClock implements Clock {
  #nowMs: number
  #timers = new Set<{ atMs: number; callback: () => void }>()
  #watchers: { count: number; resolve: () => void }[] = []

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.add(timer)
    this.#watchers = this.#watchers.filter(({ count, resolve }) => {
      if (this.#timers.size >= count) resolve()
      return this.#timers.size < count
    })
    return () => this.#timers.delete(timer)
  }

  /** Resolves when at least `count` timers wait. */
  whenWaiting(count = 1): Promise<void> {
    if (this.#timers.size >= count) return Promise.resolve()
    return new Promise((resolve) => this.#watchers.push({ count, resolve }))
  }

  /** Moves the time on and calls what is due, in order. */
  advance(ms: number): void {
    this.#nowMs += ms
    const due = [...this.#timers].filter(({ atMs }) => atMs <= this.#nowMs).toSorted((a, b) => a.atMs - b.atMs)
    for (const timer of due) {
      if (this.#timers.delete(timer)) timer.callback()
    }
  }
}
