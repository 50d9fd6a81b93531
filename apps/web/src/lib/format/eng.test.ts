import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatEng, formatEngNumber, formatMonthlyPrice, parseEng } from './eng.ts'

test.each([
  [0n, '0 ENG'],
  [1n, '<0.0001 ENG'],
  [-1n, '−<0.0001 ENG'],
  [10n ** 18n, '1 ENG'],
  [1_234_567_890_000_000_000_000n, '1,234.5678 ENG'],
])('%s wei is %s', (wei, text) => {
  expect(formatEng(wei)).toBe(text)
})

test('a month costs what the curator typed', () => {
  const rate = (10n * 10n ** 18n) / 2_592_000n
  expect(formatMonthlyPrice(rate)).toBe('10 ENG')
})

test('what is shown is read back', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 30n), (wei) => {
      const text = formatEngNumber(wei, { digits: 18 }).replaceAll(',', '')
      expect(parseEng(text)).toBe(wei)
    }),
  )
})

test.each(['', '1,5', '-1', '1e3', '0x1', '1.1234567890123456789', 'ten'])('"%s" is no amount', (text) => {
  expect(parseEng(text)).toBeUndefined()
})
