/** Chunks as batches: the same values as DuckDB's own, however they are cut, and never more than a batch may hold. */
import { limits, type ResultColumn, type Value } from '@enigma/protocol'
import { DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC } from '@uwdata/flechette'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { columnTypeOf } from './column-types.ts'
import { HeldRows } from './held-rows.ts'

let instance: DuckDBInstance
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' })
})
afterAll(() => {
  instance.closeSync()
})

async function hold(sql: string) {
  const connection = await instance.connect()
  const result = await connection.stream(sql)
  const types = result.columnTypes()
  const columns = result.columnNames().map((name, index): ResultColumn => {
    const type = types[index]
    if (type === undefined) throw new TypeError('a column without a type')
    return { name, type: columnTypeOf(type) }
  })
  const held = new HeldRows(columns)
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    held.add(chunk)
  }
  connection.closeSync()
  return held
}

function rowsOf(arrow: Uint8Array): Value[][] {
  const { children } = tableFromIPC(arrow, { useBigInt: true, useDecimalInt: true })
  const columns = children.map((column) => [...(column as Iterable<Value>)])
  return (columns[0] ?? []).map((_, row) => columns.map((values) => values[row] ?? null))
}

function takeAll(held: HeldRows, maxRows: number): { rows: Value[][]; sizes: number[]; largest: number } {
  const rows: Value[][] = []
  const sizes: number[] = []
  let largest = 0
  while (held.rows > 0) {
    const taken = held.take(maxRows)
    rows.push(...rowsOf(taken.arrow))
    sizes.push(taken.rows)
    largest = Math.max(largest, taken.arrow.length)
  }
  return { rows, sizes, largest }
}

const everyType = `
  SELECT i % 2 = 0 AS flag, i::TINYINT AS tiny, i::SMALLINT AS small, (i * 1000 - 5)::INTEGER AS int32,
    i::UINTEGER AS uint32, (i * 10000000000)::BIGINT AS int64, i::UBIGINT AS uint64, (-i)::HUGEINT AS huge,
    i / 7 AS double64, (i / 7)::FLOAT AS float32, (i / 7)::DECIMAL(18, 4) AS money, (-i)::DECIMAL(38, 2) AS large,
    repeat('ä', i::INTEGER % 20) AS text, encode(repeat('x', i::INTEGER % 30)) AS bytes,
    DATE '2001-01-01' + i::INTEGER AS day, TIMESTAMP '2001-01-01' + INTERVAL (i) SECOND AS at,
    (TIMESTAMP '2001-01-01' + INTERVAL (i) SECOND)::TIMESTAMPTZ AS zoned, [i, i + 1] AS list, {'a': i} AS struct,
    md5(i::VARCHAR)::UUID AS id, ('c' || i % 3)::ENUM('c0', 'c1', 'c2') AS kind
  FROM (SELECT (range % 100) AS i FROM range(5000))`

describe('held rows', () => {
  test.each([
    ['without nulls', everyType],
    ['with nulls', `SELECT nullif(COLUMNS(*), COLUMNS(*)) FROM (${everyType})`],
  ])('hold every type %s, as DuckDB gives its values', async (_, sql) => {
    const held = await hold(sql)
    // DuckDB's bindings give a blob as a Buffer.
    const expected = held
      .values()
      .map((row) => row.map((value) => (value instanceof Uint8Array ? new Uint8Array(value) : value)))
    expect(expected).toHaveLength(5000)
    for (const [row, values] of takeAll(held, 32_768).rows.entries()) expect(values).toEqual(expected[row])
    expect([held.rows, held.bytes]).toEqual([0, 0])
  })

  test('make no JavaScript value of a number, a decimal or a member of an enum', async () => {
    const made = vi.spyOn(DuckDBDataChunk.prototype, 'getColumnValues')
    try {
      const held = await hold(`SELECT * EXCLUDE (list, struct, id) FROM (${everyType})`)
      expect(takeAll(held, 32_768).rows).toHaveLength(5000)
      expect(made).not.toHaveBeenCalled()
    } finally {
      made.mockRestore()
    }
  })

  test.each([
    ['TINYINT', '-128', '127', '-1'],
    ['SMALLINT', '-32768', '32767', '-1'],
    ['INTEGER', '-2147483648', '2147483647', '-1'],
    ['BIGINT', '-9223372036854775808', '9223372036854775807', '-1'],
    ['HUGEINT', `-${'9'.repeat(38)}`, '9'.repeat(38), '-1'],
    ['UTINYINT', '255', '128'],
    ['USMALLINT', '65535', '32768'],
    ['UINTEGER', '4294967295', '2147483648'],
    ['UBIGINT', '18446744073709551615', '9223372036854775808'],
    ['DECIMAL(1,0)', '-9', '9', '-1'],
    ['DECIMAL(4,2)', '-99.99', '99.99', '-0.01'],
    ['DECIMAL(5,2)', '-999.99', '999.99', '-0.01'],
    ['DECIMAL(9,9)', `-0.${'9'.repeat(9)}`, `0.${'9'.repeat(9)}`, '-0.000000001'],
    ['DECIMAL(10,0)', '-9999999999', '9999999999', '-1'],
    ['DECIMAL(18,0)', `-${'9'.repeat(18)}`, '9'.repeat(18), '-1'],
    ['DECIMAL(19,0)', `-${'9'.repeat(19)}`, '9'.repeat(19), '-1'],
    ['DECIMAL(38,1)', `-${'9'.repeat(37)}.9`, `${'9'.repeat(37)}.9`, '-0.1'],
    ['FLOAT', '-3.4028234663852886e38', '1.401298464324817e-45', 'nan', '-infinity'],
  ])('keep the extremes of %s, zero and nulls', async (type, ...extremes) => {
    const values = [...extremes, '0'].map((value) => `'${value}'::${type}`)
    const sql = `SELECT unnest([${[...values, 'NULL'].join(', ')}]) AS value FROM range(900)`
    for (const maxRows of [3, 4096]) {
      const held = await hold(sql)
      const expected = held.values()
      expect(expected).toHaveLength(900 * (values.length + 1))
      expect(takeAll(held, maxRows).rows).toEqual(expected)
    }
  })

  test.each([1, 255, 256, 257, 65_535, 65_536])('give the members of an enum of %i by name', async (members) => {
    const name = (at: string) => `'ä' || ${at}`
    const connection = await instance.connect()
    await connection.run(`CREATE OR REPLACE TYPE choice AS ENUM (SELECT ${name('range')} FROM range(${members}))`)
    connection.closeSync()
    const held =
      await hold(`SELECT CASE WHEN i % 7 = 3 THEN NULL ELSE (${name(`(i * 31) % ${members}`)})::choice END AS v
      FROM (SELECT range AS i FROM range(4000))`)
    const expected = held.values()
    expect(takeAll(held, 1000).rows).toEqual(expected)
  })

  test('nulls here and there, cut anywhere, also inside of a chunk', async () => {
    const sql = `SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE i END AS a, CASE WHEN i % 5 < 2 THEN NULL ELSE 'text ' || i END AS b,
      CASE WHEN i % 7 = 0 THEN NULL ELSE i % 2 = 0 END AS c, i AS d FROM (SELECT range AS i FROM range(5000))`
    for (const maxRows of [1, 7, 1000, 2048, 2049, 5000]) {
      const held = await hold(sql)
      const expected = held.values()
      const { rows, sizes } = takeAll(held, maxRows)
      expect(rows).toEqual(expected)
      expect(sizes.slice(0, -1).every((size) => size === maxRows)).toBe(true)
    }
  })

  test('of many columns go in batches that a client takes', async () => {
    const columns = Array.from({ length: 300 }, (_, at) => `range + ${at} AS c${at}`).join(', ')
    const { rows, largest } = takeAll(await hold(`SELECT ${columns} FROM range(20000)`), 32_768)
    expect(rows).toHaveLength(20_000)
    expect(rows[19_999]?.[299]).toBe(20_298n)
    expect(largest).toBeLessThan(limits.batchBytes)
  })

  test('with long texts go in batches that a client takes', async () => {
    const { rows, sizes, largest } = takeAll(await hold(`SELECT repeat('x', 5000000) AS text FROM range(10)`), 32_768)
    expect(rows).toHaveLength(10)
    expect(sizes.length).toBeGreaterThan(5)
    expect(largest).toBeLessThan(limits.batchBytes)
  })

  test('refuse a row that fits no batch', async () => {
    const held = await hold(`SELECT repeat('x', ${limits.batchBytes}) AS text`)
    expect(() => held.take(1)).toThrow(expect.objectContaining({ code: 'too-large' }))
  })
})
