import { type ColumnType, decimalOf, type Value } from '@enigma/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { convertValue } from './convert-value.ts'

const good: [ColumnType, unknown, Value][] = [
  ['boolean', true, true],
  ['integer', -(2 ** 31), -(2 ** 31)],
  ['bigint', '9223372036854775807', 2n ** 63n - 1n],
  ['bigint', 5, 5n],
  ['double', 0.1, 0.1],
  ['text', 'naïve', 'naïve'],
  ['blob', 'AP8=', Uint8Array.of(0, 255)],
  ['date', '1970-01-02', 1],
  ['date', '1969-12-31T00:00:00.000Z', -1],
  ['timestamp', '1970-01-01T00:00:00.000001Z', 1n],
  ['timestamp', '1970-01-01 01:00:00+01:00', 0n],
  ['timestamp', '1969-12-31T23:59:59.999Z', -1000n],
  ['decimal(18,4)', 1.5, 15000n],
  ['decimal(18,4)', '-0.0001', -1n],
  ['decimal(18,8)', 1e-7, 10n],
  ['decimal(38,0)', '9'.repeat(38), 10n ** 38n - 1n],
  ['decimal(5,2)', '1.10000', 110n],
  ['text', undefined, null],
]
const bad: [ColumnType, unknown][] = [
  ['boolean', 1],
  ['integer', 2 ** 31],
  ['integer', '1'],
  ['integer', 0.5],
  ['bigint', 2 ** 53],
  ['bigint', '9223372036854775808'],
  ['bigint', '1e3'],
  ['double', 'NaN'],
  ['text', 5],
  ['text', '\ud800'],
  ['text', 'a\0b'],
  ['blob', 'not base64!'],
  ['date', '2026-02-30'],
  ['date', '2026-01-01T12:00:00.000Z'],
  ['timestamp', '2026-01-01T00:00:00'],
  ['timestamp', '2026-01-01T24:00:00Z'],
  ['timestamp', '2026-01-01T00:00:00.0000001Z'],
  ['timestamp', 'Invalid Date'],
  ['decimal(5,2)', '1.005'],
  ['decimal(5,2)', 1000],
  ['decimal(5,2)', 'Infinity'],
  ['decimal(5,2)', '1e999'],
  ['decimal(5,2)', true],
]

describe('convertValue', () => {
  it.each(good)('%s takes %j', (type, value, expected) => expect(convertValue(type, value)).toEqual(expected))
  it.each(bad)('%s refuses %j', (type, value) => expect(() => convertValue(type, value)).toThrow(TypeError))

  it('gives each decimal and time back exactly', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }),
        fc.integer({ min: 0, max: 18 }),
        (unscaled, scale) => {
          const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
          const whole = digits.slice(0, digits.length - scale)
          const text = `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(digits.length - scale)}`}`
          const type: ColumnType = `decimal(18,${scale})`
          expect(decimalOf(type)?.scale).toBe(scale)
          expect(convertValue(type, text)).toBe(unscaled)
        },
      ),
    )
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(convertValue('timestamp', date.toISOString())).toBe(BigInt(date.getTime()) * 1000n)
        },
      ),
    )
  })
})
