import { expect, test } from 'vitest'
import { explainRank } from './rank-factors.ts'

const eng = 10n ** 18n
const flights = {
  subscribers: 1n,
  monthlyRevenue: 25n * eng,
  referencePrice: 10n * eng,
  deposit: 1000n * eng,
  churn: 0n,
}

const explain = (values: typeof flights, rank = 0n) => explainRank({ ...values, rank })

test('says each factor with its numbers', () => {
  const { rank, factors } = explain(flights, 666_666_666_666_666_666n)
  expect(rank).toBe('0.67')
  expect(factors.map(({ name, value }) => [name, value])).toEqual([
    ['Popularity', '1'],
    ['Loyalty', '0.67'],
    ['Deposit', '1'],
  ])
  expect(factors[0]?.reason).toContain('1 paying subscriber; 25 ENG a month is 2.5 × the reference price of 10 ENG')
  expect(factors[2]?.reason).toContain('locked 1,000 ENG, 40 × a month')
})

test('a thin deposit and leavers show', () => {
  const { factors } = explain({ ...flights, subscribers: 9n, deposit: 5n * eng, churn: 3n << 32n })
  expect(factors.map(({ value }) => value)).toEqual(['2.5', '0.71', '0.2'])
  expect(factors[1]?.reason).toContain('3 left lately')
})

test('the factors multiply to the rank', () => {
  // 2.5 · 10/14 · 0.2
  const { rank, factors } = explain(
    { ...flights, subscribers: 9n, deposit: 5n * eng, churn: 3n << 32n },
    357n * 10n ** 15n,
  )
  const product = factors.reduce((sum, { value }) => sum * Number(value), 1)
  expect(product).toBeCloseTo(Number(rank), 1)
})

test('without revenue there is nothing to multiply', () => {
  expect(explain({ ...flights, subscribers: 0n, monthlyRevenue: 0n })).toEqual({ rank: '0', factors: [] })
})
