import { expect, test } from 'vitest'
import { capText, readCap } from './renewal-cap.ts'

const rate = 10n ** 18n / 2_592_000n

test('the shown price typed back is the price', () => {
  expect(capText(rate)).toBe('1')
  expect(readCap('1', rate)).toBe(rate)
  expect(capText(rate * 2000n)).toBe('2000')
})

test('more is a higher rate, less is refused, words are no amount', () => {
  expect(readCap('2', rate)).toBe((2n * 10n ** 18n) / 2_592_000n)
  expect(readCap('0.5', rate)).toMatch(/at least/)
  expect(readCap('much', rate)).toMatch(/such as/)
})
