import { expect, it } from 'vitest'
import { leastAnswersOf, readLimits } from './read-limits.ts'

it.each([1, 2, 3, 7, 32])('of the least budget each of %s nodes has an answer to give, and of less none', (nodes) => {
  const bps = Math.floor(10_000 / nodes)
  const shareOf = (budget: number) => Math.floor((budget * bps) / 10_000)
  const least = leastAnswersOf(bps)
  expect(shareOf(least)).toBeGreaterThanOrEqual(1)
  expect(shareOf(least - 1)).toBe(0)
})

it('bytes of one answer follow from its rows, within bounds', () => {
  const bounds = { mostRows: 5_000_000, leastAnswers: 1 }
  const bytesOf = (maxRows: string) =>
    readLimits({ maxRows, perMinute: '1', perDay: '1', total: '1' }, bounds).limits?.maxBytes
  expect([bytesOf('1'), bytesOf('1000'), bytesOf('5000000')]).toEqual([2 ** 20, 1000 * 2 ** 14, 2 ** 28])
})
