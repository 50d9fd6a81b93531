import { expect, test } from 'vitest'
import { refundAt } from './refund-at.ts'

const day = 86_400
const end = 100 * day
const now = 80 * day

test('falls by the rate each second and ends at nothing', () => {
  const basis = { refund: 20n * 86_400n * 3n, readAtSeconds: now, endSeconds: end, rate: 3n, previousRate: 0n }
  expect(refundAt(basis, now)).toBe(basis.refund)
  expect(refundAt(basis, now + 1)).toBe(basis.refund - 3n)
  expect(refundAt(basis, end)).toBe(0n)
  expect(refundAt(basis, end + day)).toBe(0n)
})

test('falls by the previous rate until the renewed period begins', () => {
  const border = end - 30 * day
  const refund = 30n * 86_400n * 5n + 10n * 3n
  const basis = { refund, readAtSeconds: border - 10, endSeconds: end, rate: 5n, previousRate: 3n }
  expect(refundAt(basis, border - 4)).toBe(refund - 18n)
  expect(refundAt(basis, border + 2)).toBe(refund - 30n - 10n)
})

test('a clock that goes back pays nothing extra', () => {
  expect(refundAt({ refund: 7n, readAtSeconds: now, endSeconds: end, rate: 1n, previousRate: 0n }, now - 60)).toBe(7n)
})
