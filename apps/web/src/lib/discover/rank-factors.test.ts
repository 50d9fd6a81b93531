import { computeRank } from '@enigma/chain'
import fc from 'fast-check'
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

const explain = (values: typeof flights) => explainRank({ ...values, rank: computeRank(values) })

test('says each factor with its numbers', () => {
  const { rank, factors } = explain(flights)
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

test('without revenue there is nothing to multiply', () => {
  expect(explain({ ...flights, subscribers: 0n, monthlyRevenue: 0n })).toEqual({ rank: '0', factors: [] })
})

test('the shown factors multiply to the rank of the chain', () => {
  const amount = fc.bigInt(1n, 10n ** 24n)
  fc.assert(
    fc.property(
      fc.bigInt(0n, 100_000n),
      amount,
      amount,
      amount,
      fc.bigInt(0n, 1n << 48n),
      (subscribers, monthlyRevenue, referencePrice, deposit, churn) => {
        const values = { subscribers, monthlyRevenue, referencePrice, deposit, churn }
        const exact = Number(computeRank(values)) / 1e18
        const [a = 0, m, d, u] = [subscribers, monthlyRevenue, deposit, churn].map(Number)
        const popularity = Math.min(a, (m ?? 0) / Number(referencePrice))
        const product = popularity * ((a + 1) / (a + (u ?? 0) / 2 ** 32 + 2)) * Math.min(1, (d ?? 0) / (m ?? 1))
        expect(Math.abs(product - exact)).toBeLessThanOrEqual(1e-6 * Math.max(1, exact))
        expect(explain(values).factors).toHaveLength(3)
      },
    ),
  )
})
