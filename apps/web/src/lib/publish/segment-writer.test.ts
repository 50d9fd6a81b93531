import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnType, ColumnValue } from './column-type.ts'
import { decimalOf } from './column-type.ts'
import { readByEngine } from './fixtures/duckdb.ts'
import { createSegmentWriter } from './segment-writer.ts'

const sqlTypes: Record<string, string> = { text: 'VARCHAR' }
const sqlTypeOf = (type: ColumnType) => sqlTypes[type] ?? type.toUpperCase()

/** As many days and microseconds as the engine has; its infinities are the outermost values. */
const maxDays = 2 ** 31 - 10
const maxMicros = 2n ** 63n - 10n

const simpleValues = {
  boolean: fc.boolean(),
  integer: fc.integer(),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  double: fc.double(),
  text: fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  blob: fc.uint8Array({ maxLength: 40 }),
  date: fc.integer({ min: -2_000_000, max: maxDays }),
  timestamp: fc.bigInt({ min: -(10n ** 17n), max: maxMicros }),
}

function valuesOf(type: ColumnType): fc.Arbitrary<ColumnValue> {
  const { precision = 0 } = decimalOf(type) ?? {}
  const most = 10n ** BigInt(precision) - 1n
  return precision > 0 ? fc.bigInt({ min: -most, max: most }) : simpleValues[type as keyof typeof simpleValues]
}

const decimalType = fc
  .integer({ min: 1, max: 38 })
  .chain((precision) =>
    fc.integer({ min: 0, max: precision }).map((scale): ColumnType => `decimal(${precision},${scale})`),
  )
const columnType = fc.oneof(fc.constantFrom(...(Object.keys(simpleValues) as ColumnType[])), decimalType)
const table = fc.array(columnType, { minLength: 1, maxLength: 12 }).chain((types) =>
  fc.record({
    types: fc.constant(types),
    rows: fc.array(fc.tuple(...types.map((type) => fc.option(valuesOf(type)))), { minLength: 1, maxLength: 60 }),
  }),
)

/** −0 is 0, as rows are hashed. */
const stored = (value: ColumnValue) => (value === 0 ? 0 : value instanceof Uint8Array ? Uint8Array.from(value) : value)

test('what is written is read by the engine with equal values and types', async () => {
  await fc.assert(
    fc.asyncProperty(table, async ({ types, rows }) => {
      const columns = types.map((type, at) => ({ name: `c${at}`, type }))
      const writer = createSegmentWriter(columns)
      const pieces = rows.flatMap((row) => writer.add(row) ?? [])
      const bytes = Buffer.concat([...pieces, writer.finish()])
      const read = await readByEngine(bytes, columns)
      expect(read.types).toEqual(columns.map(({ name, type }) => `${name} ${sqlTypeOf(type)}`))
      expect(read.rows.map((row) => row.map(stored))).toEqual(rows.map((row) => row.map(stored)))
    }),
    { numRuns: 100 },
  )
}, 60_000)

test('many rows are several row groups in one file, in order', async () => {
  const columns = [
    { name: 'n', type: 'integer' as const },
    { name: 'word', type: 'text' as const },
  ]
  const writer = createSegmentWriter(columns)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < 70_000; at++)
    pieces.push(...[writer.add([at, at % 3 === 0 ? null : `w${at % 7}`]) ?? []].flat())
  expect(pieces.length).toBe(2)
  const { rows } = await readByEngine(Buffer.concat([...pieces, writer.finish()]), columns)
  expect(writer.rows).toBe(70_000)
  expect(rows.every(([n], at) => n === at)).toBe(true)
  expect(rows[69_997]).toEqual([69_997, 'w4'])
})
