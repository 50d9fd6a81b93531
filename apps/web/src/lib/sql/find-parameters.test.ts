import { describe, expect, test } from 'vitest'
import { findParameters } from './find-parameters.ts'
import { parseParameter } from './parse-parameter.ts'
import { placeOfPosition } from './place-of-position.ts'

const schema = {
  defaultTable: 'candles',
  functions: [],
  tables: [
    {
      name: 'candles',
      columns: [
        { name: 'time', type: 'timestamp' },
        { name: 'day', type: 'date' },
        { name: 'close', type: 'decimal(18,8)' },
        { name: 'volume', type: 'bigint' },
        { name: 'product', type: 'text' },
      ],
    },
  ],
}
const typesIn = (sql: string) => findParameters(sql, schema).map(({ suggestedType }) => suggestedType)

describe('parameters', () => {
  test.each([
    ['SELECT 1', []],
    ['SELECT * FROM candles WHERE close > $1 AND product = $2', ['double', 'text']],
    ['SELECT * FROM candles WHERE time BETWEEN $1 AND $2', ['timestamp', 'timestamp']],
    ['SELECT * FROM candles WHERE $1 <= volume', ['bigint']],
    ['SELECT * FROM candles WHERE day IN ($1, $2)', ['date', 'date']],
    ['SELECT $3', ['text', 'text', 'text']],
    [`SELECT '$1', "$2" -- $3\n/* $4 */, $$ $5 $$`, []],
    ['SELECT $0, $99999, $65', []],
  ])('of %s', (sql, types) => {
    expect(typesIn(sql)).toEqual(types)
  })
})

describe('what is typed', () => {
  test.each([
    ['bigint', ' 42 ', { type: 'bigint', value: '42' }],
    ['bigint', '9223372036854775807', { type: 'bigint', value: '9223372036854775807' }],
    ['double', '1e3', { type: 'double', value: 1000 }],
    ['boolean', 'true', { type: 'boolean', value: true }],
    ['date', '2024-02-29', { type: 'date', value: '2024-02-29' }],
    ['timestamp', '2018-02-06 20:00', { type: 'timestamp', value: '2018-02-06T20:00:00.000Z' }],
    ['timestamp', '2018-02-06T20:00:00+02:00', { type: 'timestamp', value: '2018-02-06T18:00:00.000Z' }],
    ['text', ` '; DROP TABLE x --`, { type: 'text', value: ` '; DROP TABLE x --` }],
    ['null', 'anything', { type: 'null' }],
  ] as const)('%s %s', (type, text, value) => {
    expect(parseParameter(type, text)).toEqual({ value })
  })

  test.each([
    ['bigint', '9223372036854775808'],
    ['bigint', '1.5'],
    ['double', ''],
    ['double', 'Infinity'],
    ['boolean', 'yes'],
    ['date', '2023-02-29'],
    ['timestamp', '2023-02-29 10:00'],
    ['timestamp', '2023-02-28 25:00'],
    ['text', '\u0000'],
  ] as const)('%s %s is refused with what is expected', (type, text) => {
    expect(parseParameter(type, text)).toEqual({ error: expect.any(String) as string })
  })
})

test.each([
  ['SELECT nope FROM t', 7, 'nope'],
  [`SELECT '😀', nope`, 12, 'nope'],
  ['SELECT "a b"', 7, '"a b"'],
  ['SELECT a FROM t WHERE ', 22, 'E'],
  ['', 3, ''],
])('the place in %s at %i', (sql, position, marked) => {
  const { from, to } = placeOfPosition(sql, position)
  expect(sql.slice(from, to)).toBe(marked)
})
