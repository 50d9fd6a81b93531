import { expect, test } from 'vitest'
import { compareRank, isInRankOrder } from './rank-order.ts'

const line = (dataset: string, rank: bigint, registeredBlock: number) => ({
  dataset: `0x${dataset}` as const,
  rank,
  registeredBlock,
})

test('a higher rank comes first, then the older registration, then the id', () => {
  const lines = [line('b', 1n, 5), line('a', 1n, 5), line('c', 1n, 4), line('d', 2n ** 70n, 9)]
  const sorted = lines.toSorted(compareRank)
  expect(sorted.map(({ dataset }) => dataset)).toEqual(['0xd', '0xc', '0xa', '0xb'])
  expect(isInRankOrder(sorted)).toBe(true)
  expect(isInRankOrder(lines)).toBe(false)
})

test('ranks that a double cannot tell apart are told apart', () => {
  const [less, more] = [line('a', 2n ** 60n, 1), line('b', 2n ** 60n + 1n, 2)]
  expect(compareRank(less, more)).toBe(1)
  expect(compareRank(more, less)).toBe(-1)
})

test('the same line twice is no order', () => {
  expect(isInRankOrder([line('a', 1n, 1), line('a', 1n, 1)])).toBe(false)
})
