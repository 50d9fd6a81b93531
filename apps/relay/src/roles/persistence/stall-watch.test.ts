import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchStalls } from './stall-watch.ts'

async function* three(): AsyncGenerator<number, void, undefined> {
  yield* [1, 2, 3]
  await Promise.resolve()
}

describe('watchStalls', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('tells of a reader that does not come back in time, and not of one that does', async () => {
    let stalls = 0
    const items = watchStalls({ source: three(), stallMs: 1000, onStall: () => stalls++ })
    await items.next()
    vi.advanceTimersByTime(999)
    await items.next()
    vi.advanceTimersByTime(999)
    expect(stalls).toBe(0)
    vi.advanceTimersByTime(1)
    expect(stalls).toBe(1)
    await items.return()
  })

  it('leaves no timer behind', async () => {
    for await (const item of watchStalls({ source: three(), stallMs: 1000, onStall: () => undefined })) {
      expect(item).toBeGreaterThan(0)
    }
    expect(vi.getTimerCount()).toBe(0)
  })
})
