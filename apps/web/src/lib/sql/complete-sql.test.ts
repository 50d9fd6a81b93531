import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { completeSql } from './complete-sql.ts'
import type { SqlSchema } from './schema.ts'

const schema: SqlSchema = {
  defaultTable: 'candles',
  functions: ['avg', 'count'],
  tables: [
    {
      name: 'candles',
      columns: [
        { name: 'time', type: 'timestamp', description: 'Begin of the minute.' },
        { name: 'close', type: 'decimal(18,8)', unit: 'USD' },
        { name: 'order', type: 'integer' },
      ],
    },
    { name: 'products', columns: [{ name: 'title', type: 'text' }] },
  ],
}

/** Labels at the place of `|`. */
function labels(marked: string): string[] {
  const found = completeSql(marked.replace('|', ''), marked.indexOf('|'), schema)
  return [...(found?.options ?? [])].sort((a, b) => b.boost - a.boost).map(({ label }) => label)
}

describe('completion', () => {
  test('offers columns of the default table, tables, functions, then keywords', () => {
    expect(labels('SELECT |').slice(0, 7)).toEqual(['time', 'close', 'order', 'candles', 'products', 'avg', 'count'])
    expect(labels('|')).toContain('SELECT')
  })

  test('offers the columns of the tables that are read', () => {
    expect(labels('SELECT | FROM products').slice(0, 2)).toEqual(['title', 'candles'])
    expect(labels('SELECT | FROM products p JOIN candles c ON true')).toEqual(
      expect.arrayContaining(['title', 'close']),
    )
  })

  test('knows aliases', () => {
    expect(labels('SELECT p.| FROM products AS p, candles c')).toEqual(['title'])
    expect(labels('SELECT c.cl| FROM products AS p, candles c')).toEqual(['time', 'close', 'order'])
    expect(labels('SELECT nobody.| FROM products')).toEqual([])
  })

  test('offers only tables behind FROM and JOIN', () => {
    expect(labels('SELECT * FROM |')).toEqual(['candles', 'products'])
    expect(labels('SELECT * FROM candles JOIN pro|')).toEqual(['candles', 'products'])
  })

  test.each([`SELECT 'a|`, 'SELECT 1 -- a|', 'SELECT 12|', 'SELECT $1|', 'SELECT /* a| */ 1'])(
    'is silent in %s',
    (sql) => {
      expect(labels(sql)).toEqual([])
    },
  )

  test('says types, units and descriptions, and quotes what must be quoted', () => {
    const { options, from } = completeSql('SELECT cl', 9, schema) ?? { options: [], from: 0 }
    expect(from).toBe(7)
    expect(options[0]).toMatchObject({ detail: 'timestamp', info: 'Begin of the minute.' })
    expect(options[1]).toMatchObject({ detail: 'decimal(18,8) · USD' })
    expect(options[2]).toMatchObject({ label: 'order', apply: '"order"' })
  })

  test('never throws, wherever the cursor stands in whatever text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .array(fc.constantFrom('select', 'from', '"', "'", '--', '/*', '$$', '.', ',', 'candles', ' ', '\n'))
        .map((all) => all.join(' ')),
    )
    fc.assert(fc.property(text, fc.nat(300), (sql, at) => void completeSql(sql, Math.min(at, sql.length), schema)))
  })
})
