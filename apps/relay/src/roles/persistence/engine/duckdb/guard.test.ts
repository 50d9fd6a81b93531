/** The guard on the real parser and engine: attacks are refused by the guard itself, what askers really send runs. */
import { DuckDBInstance } from '@duckdb/node-api'
import { attacks, determinismCases, legitCases } from '@enigma/query/cases'
import serialized from '@enigma/query/cases/serialized-queries.json' with { type: 'json' }
import type { MarketplaceError, Parameter } from '@enigma/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCaseDatabase, type CaseDatabase } from './test-support/open-case-database.ts'

let database: CaseDatabase
beforeAll(async () => {
  database = await openCaseDatabase({ rows: 1000 })
})
afterAll(() => database.close())

const attackCases = Object.entries(attacks).flatMap(([kind, statements]) => statements.map((sql) => ({ kind, sql })))

test('the corpora are as large as they are meant to be', () => {
  expect(attackCases.length).toBeGreaterThanOrEqual(125)
  expect(legitCases.length).toBeGreaterThanOrEqual(40)
})

describe.each(Object.entries(attacks))('refuses %s', (_kind, statements) => {
  test.each(statements.map((sql) => [sql.slice(0, 100), sql] as const))('%s', async (_name, sql) => {
    const error = await database.rows(sql).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'sql-refused' })
    // What the engine's own binder refuses, an honest table might make it accept.
    expect(error).not.toMatchObject({ shortMessage: 'DuckDB refused the query.' })
  })
})

describe('runs', () => {
  test.each(legitCases.map(({ sql, parameters = [] }) => [sql.slice(0, 100), sql, parameters] as const))(
    '%s',
    async (_name: string, sql: string, parameters: readonly Parameter[]) => {
      expect(await database.rows(sql, { parameters })).toBeInstanceOf(Array)
    },
  )
})

test.each([
  [`SELECT id, getenv('HOME') FROM trades`, 'position 11'],
  ['SELECT * FROM hidden', 'position 14'],
  ['SELECT id FROM trades WHERE', 'position 27'],
  ['SELECT id FROM trades a CROSS JOIN trades b', 'position 24'],
  [`SELECT 'é€😀', id FORM trades`, 'position 22'],
  [`SELECT 'é€😀', getenv('HOME') FROM trades`, 'position 14'],
])('says where: %s', async (sql, details) => {
  await expect(database.rows(sql)).rejects.toMatchObject({ code: 'sql-refused', details })
})

test.each([
  [`SELECT 'é€😀', nope FROM trades`, /^position 14\nBinder Error: Referenced column "nope" not found/],
  [`SELECT id FROM trades WHERE label::INTEGER = 3`, /^position \d+\nConversion Error: /],
])('says where the engine stumbled: %s', async (sql, details) => {
  const error = await database.rows(sql).catch((cause: unknown) => cause)
  expect(error).toMatchObject({ code: 'sql-refused', shortMessage: 'DuckDB refused the query.' })
  expect((error as MarketplaceError).details).toMatch(details)
})

test.each(determinismCases)('deterministic $deterministic: $sql', async ({ sql, deterministic }) => {
  const result = await database.stream(sql)
  expect(result.deterministic).toBe(deterministic)
  let rows = 0
  for await (const batch of result.batches) rows += batch.rows
  expect(rows).toBeGreaterThan(0)
})

test('the trees that the guard is tested with are those of this parser', async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  for (const { sql, tree } of serialized) {
    const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql])
    expect(JSON.parse(String(reader.getRows()[0]?.[0]))).toEqual(tree)
  }
  connection.closeSync()
})

test('after all of them the engine is whole', async () => {
  expect(await database.rows('SELECT count(*) FROM trades')).toEqual([[1000n]])
  expect(database.health()).toMatchObject({ killed: 0, busy: 0, waiting: 0 })
})
