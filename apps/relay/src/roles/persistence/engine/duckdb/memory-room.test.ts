import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { findSandboxTools } from '../../../worker/sandbox/sandbox-tools.ts'
import type { EngineDatabase } from '../engine.ts'
import { createDuckdbEngine } from './duckdb-engine.ts'
import { createMemoryRoom } from './memory-room.ts'

test('room is taken of those that rest longest, never of those that work', () => {
  const room = createMemoryRoom({ maxBytes: 3 })
  const evicted: string[] = []
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ place: room.enter(1), evict: () => evicted.push(name) }))
  expect(room.hasRoom(1)).toBe(false)
  expect(() => room.enter(1)).toThrow(/memory .* in use/)
  b?.place.rest(b.evict)
  a?.place.rest(a.evict)
  expect(room.hasRoom(2)).toBe(true)
  expect(room.hasRoom(3)).toBe(false)
  const d = room.enter(1)
  expect(evicted).toEqual(['b'])
  a?.place.work()
  expect(() => room.enter(1)).toThrow(/memory .* in use/)
  c?.place.leave()
  c?.place.leave()
  expect(room.hasRoom(1)).toBe(true)
  d.leave()
  expect(room.hasRoom(2)).toBe(true)
})

test('one process always fits', () => {
  const room = createMemoryRoom({ maxBytes: 1 })
  const place = room.enter(100)
  expect(room.hasRoom(1)).toBe(false)
  place.leave()
  expect(room.hasRoom(100)).toBe(true)
})

const question = { parameters: [], maxRows: 1_000_000, maxBytes: 1024 ** 3, timeoutMs: 30_000 }
const ask = (database: EngineDatabase, sql = 'SELECT count(*) AS rows FROM numbers') =>
  database.stream({ ...question, sql, signal: new AbortController().signal })
async function rowsOf(database: EngineDatabase, sql: string): Promise<number> {
  let rows = 0
  for await (const batch of (await ask(database, sql)).batches) rows += batch.rows
  return rows
}

test('databases of one node share its memory: a resting process makes room, one at work is waited for with busy', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-room-'))
  const memoryBytes = 128 * 1024 ** 2
  const room = createMemoryRoom({ maxBytes: memoryBytes })
  const engine = createDuckdbEngine({ tools: findSandboxTools(), memoryBytes, processes: 3, room })
  const segment = join(directory, 'numbers.parquet')
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(`COPY (SELECT i AS n FROM range(400000) r(i)) TO '${segment}' (FORMAT parquet)`)
  const table = { name: 'numbers', columns: [{ name: 'n', type: 'bigint' as const }] }
  const open = async (name: string) => {
    const databasePath = join(directory, name)
    await engine.ingest({ databasePath, tables: [{ ...table, segmentPaths: [segment] }] })
    return engine.open({ databasePath, tables: [table] })
  }
  const one = await open('one.db')
  const two = await open('two.db')
  expect(engine.health.processes).toBe(1)
  expect(await rowsOf(one, 'SELECT n FROM numbers LIMIT 10')).toBe(10)
  expect(await rowsOf(two, 'SELECT n FROM numbers LIMIT 10')).toBe(10)

  const slow = (await ask(one, 'SELECT n FROM numbers')).batches[Symbol.asyncIterator]()
  await slow.next()
  await expect(ask(two)).rejects.toMatchObject({ code: 'busy', message: expect.stringMatching(/memory/) as string })
  await slow.return?.()
  expect(await rowsOf(two, 'SELECT n FROM numbers LIMIT 10')).toBe(10)
  await Promise.all([one.close(), two.close()])
  expect(room.hasRoom(memoryBytes)).toBe(true)
  await rm(directory, { recursive: true })
}, 120_000)
