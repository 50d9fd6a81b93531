import type { Hex } from '@enigma/protocol'
import { expect, test, vi } from 'vitest'
import { createManifestSearches, type WantedManifest } from './manifest-searches.ts'

const hexOf = (index: number): Hex => `0x${index.toString(16).padStart(64, '0')}`
const wantedOf = (index: number, hash = index): WantedManifest => ({
  dataset: hexOf(index),
  metadataHash: hexOf(hash),
  changedBlock: index,
})
const all = (count: number) => Array.from({ length: count }, (_, index) => wantedOf(index))

/** Searches that end as the test says. */
function setUp() {
  const asked: number[] = []
  const ended: number[] = []
  const open = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>()
  const clock = { nowMs: 0 }
  const errors: unknown[] = []
  const searches = createManifestSearches({
    search: ({ dataset }, signal) => {
      const index = Number(dataset)
      asked.push(index)
      return new Promise<void>((resolve, reject) => {
        open.set(index, { resolve, reject })
        signal.addEventListener('abort', () => {
          ended.push(index)
          reject(new Error('over'))
        })
      })
    },
    nowMs: () => clock.nowMs,
    onError: (error) => errors.push(error),
  })
  return { asked, ended, open, clock, errors, searches }
}

test('what cannot be found takes no place from others, and is tried again after growing pauses', async () => {
  const { asked, open, clock, errors, searches } = setUp()
  searches.want(all(1))
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000]) {
    const count = asked.length
    open.get(0)?.reject(new Error('unknown'))
    await vi.waitFor(() => expect(errors).toHaveLength(count))
    clock.nowMs += pauseMs - 1
    searches.want(all(1))
    expect(asked).toHaveLength(count)
    clock.nowMs += 1
    searches.want(all(1))
    expect(asked).toHaveLength(count + 1)
  }
  await searches.stop()
})

test('a few run at once, the newest first, and each end lets the next one begin', async () => {
  const { asked, open, searches } = setUp()
  searches.want(all(20))
  expect(asked).toEqual([19, 18, 17, 16, 15, 14, 13, 12])
  open.get(19)?.reject(new Error('unknown'))
  await vi.waitFor(() => expect(asked).toHaveLength(9))
  expect(asked.at(-1)).toBe(11)
  await searches.stop()
})

test('one that was never tried goes before those that failed', async () => {
  const { asked, open, clock, errors, searches } = setUp()
  searches.want(all(20))
  for (let index = 19; index >= 0; index--) {
    await vi.waitFor(() => expect(open.has(index)).toBe(true))
    open.get(index)?.reject(new Error('unknown'))
  }
  await vi.waitFor(() => expect(errors).toHaveLength(20))
  clock.nowMs = 1_000
  searches.want([{ ...wantedOf(99), changedBlock: 0 }, ...all(20)])
  expect(asked[20]).toBe(99)
  await searches.stop()
})

test('a search ends when its dataset is wanted no more or with another hash, and at the stop', async () => {
  const { asked, ended, searches } = setUp()
  searches.want(all(2))
  searches.want([wantedOf(0, 7)])
  expect(ended).toEqual([0, 1])
  expect(asked).toEqual([1, 0, 0])
  await searches.stop()
  expect(ended).toEqual([0, 1, 0])
  searches.want(all(3))
  expect(asked).toHaveLength(3)
})
