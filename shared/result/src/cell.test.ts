import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellText, decimalText, exactText, isoDate, isoTimestamp, localTime, oneLine } from './cell.ts'

describe('exact text', () => {
  test.each([
    ['integer', -5, '-5'],
    ['double', -0, '-0'],
    ['double', NaN, 'NaN'],
    ['double', 1e21, '1e+21'],
    ['bigint', 9_223_372_036_854_775_807n, '9223372036854775807'],
    ['decimal(38,10)', -1n, '-0.0000000001'],
    ['decimal(18,4)', 1_234_500n, '123.4500'],
    ['boolean', false, 'false'],
    ['blob', new Uint8Array([0, 255]), '0x00ff'],
    ['date', -1, '1969-12-31'],
    ['timestamp', -1n, '1969-12-31T23:59:59.999999Z'],
    ['timestamp', 1_517_947_200_000_000n, '2018-02-06T20:00:00Z'],
    ['text', null, ''],
    ['text', '', ''],
  ])('%s %s is %s', (type, value, text) => {
    expect(exactText(type, value)).toBe(text)
  })

  test('a decimal keeps every digit', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n), fc.nat(38), (unscaled, scale) => {
        const text = decimalText(unscaled, scale)
        expect(BigInt(text.replace('.', ''))).toBe(unscaled)
        expect(text.split('.')[1]?.length ?? 0).toBe(scale)
      }),
    )
  })

  test('every moment that 64 bits hold has a text, and those of the calendar are read back', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (micros) => {
        expect(isoTimestamp(micros)).not.toBe('')
        expect(() => localTime(micros)).not.toThrow()
      }),
    )
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(new Date(isoTimestamp(BigInt(date.getTime()) * 1000n)).getTime()).toBe(date.getTime())
      }),
    )
    fc.assert(fc.property(fc.integer(), (days) => void isoDate(days)))
    expect([isoTimestamp(2n ** 63n - 1n), isoDate(-(2 ** 31) + 1)]).toEqual(['infinity', '-infinity'])
  })
})

describe('cells of the grid', () => {
  test.each([
    ['text', null, 'null'],
    ['text', 'a\nb\tc\u0000', 'a⏎b␉c␀'],
    ['text', 'safe\u202egpj.exe', 'safe‹U+202E›gpj.exe'],
    ['blob', new Uint8Array(20), `0x${'00'.repeat(12)}… (20 B)`],
    ['timestamp', 0n, '1970-01-01 00:00:00'],
  ])('%s %o is %s', (type, value, text) => {
    expect(cellText(type, value)).toBe(text)
  })

  test('whatever the text, a cell is one short line without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
        const shown = oneLine(text, 200)
        expect(shown.length).toBeLessThanOrEqual(201 * 8)
        expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
      }),
    )
  })
})
