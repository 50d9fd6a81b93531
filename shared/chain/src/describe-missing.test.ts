import { expect, test } from 'vitest'
import { describeMissing } from './describe-missing.ts'

test('what is there is rounded down, what is needed and missing up', () => {
  const held = 250_019_999_999_999_999n
  const needed = 999_999_999_999_999_808n
  expect(describeMissing({ held, needed, currency: 'ENG' })).toBe(
    'The account holds 0.25 ENG and needs 1 ENG; add the missing 0.75 ENG',
  )
})

test('gas is little: six decimals', () => {
  expect(describeMissing({ held: 0n, needed: 200_000_000_000_001n, currency: 'ETH' })).toBe(
    'The account holds 0 ETH and needs 0.000201 ETH; add the missing 0.000201 ETH',
  )
})
