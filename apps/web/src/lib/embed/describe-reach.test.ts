import { expect, it } from 'vitest'
import { describeAllowed, firstAllowed } from './describe-allowed.ts'
import { describeOrigins, describeReach, describeSpend, spendOfDay } from './describe-reach.ts'

it.each([
  [1n, 1, /one answer of at most 1 row\./],
  [12_000n, 100, /at most 12,000 different answers of at most 100 rows\./],
  [undefined, 5, /more different answers than can be counted, each of at most 5 rows\./],
])('%s answers of %s rows in plain words', (answers, rows, text) => {
  const words = describeReach(answers, rows)
  expect(words).toMatch(/^Everything these templates can return is published: /)
  expect(words).toMatch(text)
})

it('a day spends by the tightest of its budgets', () => {
  const whole = { maxRows: 100, perMinute: 60, perDay: 10_000, total: 100_000 }
  expect(spendOfDay(whole)).toEqual({ answers: 10_000, rows: 1_000_000n })
  expect(spendOfDay({ ...whole, perMinute: 1 })).toEqual({ answers: 1440, rows: 144_000n })
  expect(spendOfDay({ ...whole, total: 7 })).toEqual({ answers: 7, rows: 700n })
  expect(describeSpend(whole)).toBe('This spends up to 10,000 answers and 1,000,000 rows a day of your subscription.')
  expect(describeSpend({ ...whole, total: 1, maxRows: 1 })).toBe(
    'This spends up to 1 answer and 1 row a day of your subscription.',
  )
})

it('who may show it', () => {
  expect(describeOrigins([])).toBe('Any site may show it.')
  expect(describeOrigins(['https://a.example'])).toContain('https://a.example only')
})

it('what a parameter allows, and what it begins with', () => {
  const range = { kind: 'range', min: { type: 'bigint', value: '1' }, max: { type: 'bigint', value: '9' } } as const
  expect(describeAllowed(range)).toBe('from 1 to 9')
  expect(firstAllowed(range)).toEqual(range.min)
  const values = [{ type: 'text' as const, value: 'a' }]
  expect(describeAllowed({ kind: 'values', values })).toBe('always a')
  expect(describeAllowed({ kind: 'values', values: [...values, { type: 'text', value: 'b' }] })).toBe('one of 2 values')
  expect(firstAllowed({ kind: 'values', values })).toEqual(values[0])
})
