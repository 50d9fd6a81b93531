import fc from 'fast-check'
import { bytesToHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { equalBytes } from './bytes.ts'
import { CanonicalRowWriter } from './canonical-row.ts'
import type { ColumnType, ResultColumn, Value } from './columns.ts'

const int128 = fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })

/** Every kind of column, so that a new type must say what its values are. */
const valuesOf: Record<Exclude<ColumnType, `decimal${string}`> | 'decimal(38,4)', fc.Arbitrary<Value>> = {
  boolean: fc.boolean(),
  integer: int32,
  bigint: int64,
  double: fc.double(),
  text: fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  blob: fc.uint8Array({ maxLength: 20 }),
  date: int32,
  timestamp: int64,
  'decimal(38,4)': int128,
}
const types = Object.keys(valuesOf) as (keyof typeof valuesOf)[]
const columns: ResultColumn[] = types.map((type) => ({ name: type, type }))
const rows = fc.tuple(...types.map((type) => fc.option(valuesOf[type])))

function bytesOf(row: readonly Value[], of: readonly ResultColumn[] = columns): string {
  const writer = new CanonicalRowWriter(of)
  writer.write(row)
  return bytesToHex(writer.take())
}

/** What the encoding must keep apart: −0 is 0, every NaN is one. */
function same(a: Value, b: Value): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b)
  return a === b || (typeof a === 'number' && typeof b === 'number' && Number.isNaN(a) && Number.isNaN(b))
}

describe('canonical rows', () => {
  test('are equal exactly when their values are', () => {
    fc.assert(
      fc.property(
        rows,
        rows,
        fc.array(fc.boolean(), { minLength: types.length, maxLength: types.length }),
        (a, b, keep) => {
          const other = b.map((value, at) => (keep[at] === true ? (a[at] ?? null) : value))
          expect(bytesOf(a) === bytesOf(other)).toBe(a.every((value, at) => same(value, other[at] ?? null)))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('are prefix-free: a list of rows has one reading', () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const [one, two] = [bytesOf(a), bytesOf(b)]
        expect(one !== two && two.startsWith(one)).toBe(false)
      }),
    )
  })

  test('have these bytes', () => {
    const row: Value[] = [true, -1, 2n ** 40n, -0, 'aß', Uint8Array.of(9), 1, -1n, -12345n]
    expect(bytesOf(row)).toBe(
      [
        '0x',
        '0101',
        '01ffffffff',
        '010000000000010000',
        '010000000000000000',
        '010300000061c39f',
        '010100000009',
        '0101000000',
        '01ffffffffffffffff',
        '01c7cfffffffffffffffffffffffffffff',
      ].join(''),
    )
    expect(bytesOf(types.map(() => null))).toBe('0x' + '00'.repeat(types.length))
    expect(bytesOf([Number.NaN], [{ name: 'x', type: 'double' }])).toBe('0x01000000000000f87f')
  })

  test('outgrow the first buffer', () => {
    const writer = new CanonicalRowWriter([{ name: 'x', type: 'text' }])
    for (let at = 0; at < 5000; at++) writer.write([`row ${at}`.padEnd(100)])
    expect(writer.take().length).toBe(5000 * 105)
    expect(writer.take().length).toBe(0)
  })

  const wrong: [ColumnType, Value][] = [
    ['integer', 2 ** 31],
    ['integer', 1.5],
    ['integer', Number.NaN],
    ['integer', 1n],
    ['date', -(2 ** 31) - 1],
    ['bigint', 2n ** 63n],
    ['bigint', 1],
    ['timestamp', -(2n ** 63n) - 1n],
    ['decimal(38,4)', 2n ** 127n],
    ['decimal(38,4)', 1],
    ['boolean', 1],
    ['double', 1n],
    ['text', Uint8Array.of(1)],
    ['blob', 'a'],
  ]
  test.each(wrong)('a %s refuses %s instead of wrapping it', (type, value) => {
    expect(() => bytesOf([value], [{ name: 'x', type }])).toThrow(/is not a|does not fit/)
  })

  test('refuse a row of another width', () => {
    expect(() => bytesOf([1])).toThrow(RangeError)
    expect(() => bytesOf([...types.map(() => null), null])).toThrow(RangeError)
  })
})
