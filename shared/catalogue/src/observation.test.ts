import { expect, test } from 'vitest'
import { compareFreshness, compareUptime, type Observation } from './observation.ts'

const seen = (answered: number, looks: number, createdAt?: number): Observation => ({
  ...{ looks, answered, since: 1 },
  ...(createdAt === undefined ? {} : { head: { seq: 1, createdAt } }),
})

test('the newer snapshot first, one that nobody showed after it, what nobody looked at last', () => {
  const [newer, older, without] = [seen(0, 9, 50), seen(9, 9, 40), seen(9, 9)]
  expect([undefined, without, older, newer].toSorted(compareFreshness).slice(0, 2)).toEqual([newer, older])
  expect(compareFreshness(without, undefined)).toBe(0)
})

test('who answers more often first, of equals who was watched longer; what nobody looked at after what is down', () => {
  const [long, short, often, down] = [seen(900, 900), seen(2, 2), seen(99, 100), seen(0, 5)]
  expect([down, undefined, often, short, long].toSorted(compareUptime)).toEqual([long, short, often, down, undefined])
})
