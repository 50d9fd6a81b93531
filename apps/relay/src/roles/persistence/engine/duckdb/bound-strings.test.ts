/** What a visitor writes into a parameter is a value to the real engine, and never a part of the statement. */
import type { Parameter } from '@enigma/protocol'
import { codeOf } from '@enigma/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CaseDatabase, openCaseDatabase } from './test-support/open-case-database.ts'

/** Strings are bound so many at a time, which is what a query may have. */
const perQuery = 64
const strings = 100_000

let database: CaseDatabase
beforeAll(async () => {
  database = await openCaseDatabase({ rows: 40 })
}, 60_000)
afterAll(() => database.close())

const fragments = [
  ...[
    "'",
    '"',
    "''",
    '\\',
    ';',
    '--',
    '/*',
    '*/',
    '$1',
    '$$',
    '?',
    '%',
    '_',
    '(',
    ')',
    ',',
    '=',
    ' ',
    '\n',
    '\t',
    '\u0000',
  ],
  ...['label-0', 'label-1', 'OR true', 'OR 1=1', 'UNION ALL SELECT', '* FROM hidden', '42', 'NULL', 'x', 'é', '\u2019'],
  ...['DROP TABLE trades', 'ATTACH', "COPY trades TO '/tmp/x'", "read_csv('/etc/passwd')", 'PRAGMA', 'SET', 'INSTALL'],
  ...['\u202e', '\uff07', '\u02bc', "E'\\047", 'CAST', '::', 'AND', 'WHERE', 'label', 'pg_sleep(9)', 'getenv(1)'],
]
const hostile = fc.array(fc.constantFrom(...fragments), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const text = fc.oneof(
  { weight: 6, arbitrary: hostile },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 24 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 24 }) },
  { weight: 1, arbitrary: fc.constantFrom('label-0', 'label-1', 'label-2', 'label-3', 'label-4') },
)

const places = Array.from({ length: perQuery }, (_, index) => `$${index + 1}`).join(', ')
const sql = `SELECT id, label FROM trades WHERE label IN (${places}) ORDER BY id`

test(`of ${strings.toLocaleString('en')} generated strings each finds the rows that bear it, and no other`, async () => {
  let asked = 0
  let found = 0
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: perQuery, maxLength: perQuery }), async (values) => {
      const parameters = values.map((value): Parameter => ({ type: 'text', value }))
      const rows = await database.rows(sql, { parameters, maxRows: 100 })
      asked += values.length
      found += rows.length
      const labels = Array.from({ length: 40 }, (_, id) => [BigInt(id), `label-${id % 5}`] as const)
      expect(rows).toEqual(labels.filter(([, label]) => values.includes(label)))
    }),
    { numRuns: Math.ceil(strings / perQuery) },
  )
  expect(asked).toBeGreaterThanOrEqual(strings)
  expect(found).toBeGreaterThan(0)
  expect(database.health().killed).toBe(0)
}, 300_000)

test.each(['date', 'timestamp', 'bigint'] as const)('a %s that carries SQL is refused', async (type) => {
  for (const value of ["1' OR true --", '1; DROP TABLE trades', '2024-01-01) OR (1=1']) {
    const parameters = [{ type, value } as Parameter]
    const code = await codeOf(database.rows('SELECT id FROM trades WHERE id = $1', { parameters }))
    expect(code).toMatch(/^(parameter-invalid|sql-refused)$/)
  }
})
