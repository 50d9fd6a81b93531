import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, expect, test } from 'vitest'
import { nextChunk, StreamFailedError } from './next-chunk.ts'

let connection: DuckDBConnection
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect()
})

async function countRows(sql: string, beforeFirst?: () => void): Promise<number> {
  const result = await connection.stream(sql)
  beforeFirst?.()
  let rows = 0
  for (let chunk = await nextChunk(result); chunk !== undefined; chunk = await nextChunk(result)) rows += chunk.rowCount
  return rows
}

test('gives every row, and none of an empty result', async () => {
  expect(await countRows('SELECT i FROM range(100000) r(i)')).toBe(100_000)
  expect(await countRows('SELECT i FROM range(10) r(i) WHERE i < 0')).toBe(0)
})

test('a row that fails after others is no end', async () => {
  const sql = "SELECT CASE WHEN i > 900000 THEN CAST('x' || i AS INTEGER) ELSE i END FROM range(1000000) r(i)"
  await expect(countRows(sql)).rejects.toThrow(StreamFailedError)
})

test('an interrupt before the first row is no empty result', async () => {
  await expect(countRows('SELECT i FROM range(2) r(i)', () => connection.interrupt())).rejects.toThrow(
    StreamFailedError,
  )
  expect(await countRows('SELECT i FROM range(2) r(i)')).toBe(2)
})
