/** Queries that pass the guard or almost do and ask for all the time or memory there is: each ends in time, and the next one runs. */
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { MarketplaceError } from '@enigma/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCaseDatabase, type CaseDatabase } from './test-support/open-case-database.ts'

const timeoutMs = 700
/** Interrupt at T, SIGKILL at T + 1 s, and much more for a busy machine. */
const boundMs = timeoutMs + 10_000

let database: CaseDatabase
beforeAll(async () => {
  database = await openCaseDatabase({ rows: 100_000, memoryBytes: 128 * 1024 ** 2 })
})
afterAll(() => database.close())

const times = (count: number, make: (at: number) => string, separator = ' ') =>
  Array.from({ length: count }, (_, at) => make(at)).join(separator)
/** `wrap` around itself. */
const around = (count: number, core: string, wrap: (inner: string) => string): string =>
  count === 0 ? core : wrap(around(count - 1, core, wrap))
const grown = (count: number) => around(count, 'label', (inner) => `replace(${inner}, 'l', 'llllllllllllllllllll')`)

const bombs: Readonly<Record<string, string>> = {
  'a cross join that says ON true': 'SELECT count(*) FROM trades a JOIN trades b ON true JOIN trades c ON true',
  'an inequality join': 'SELECT count(*) FROM trades a JOIN trades b ON a.id <> b.id JOIN trades c ON b.id <> c.id',
  'a join over a constant': 'SELECT sum(a.id * b.id) FROM trades a JOIN trades b ON a.id * 0 = b.id * 0',
  'a range join': 'SELECT count(*) FROM trades a JOIN trades b ON a.id < b.id AND a.price + b.price > 0',
  'a join over few keys':
    'SELECT count(a.size + b.size + c.size) FROM trades a JOIN trades b USING (label) JOIN trades c USING (label)',
  'a hash join of wide keys':
    'SELECT * FROM trades a JOIN trades b ON a.label = b.label AND a.ok = b.ok ORDER BY a.size + b.size',
  'a sort of a huge intermediate':
    'SELECT a.id, b.label FROM trades a JOIN trades b ON a.id <> b.id ORDER BY a.id * b.id, b.label',
  'groups without end': `SELECT a.id * 1000003 + b.id AS k, count(*) FROM trades a JOIN trades b ON true GROUP BY k`,
  'distinct without end': 'SELECT count(DISTINCT a.id * 1000003 + b.id) FROM trades a JOIN trades b ON true',
  'a window over a huge intermediate':
    'SELECT sum(a.id) OVER (ORDER BY a.id * b.id) FROM trades a JOIN trades b ON true',
  'a median of a huge intermediate': 'SELECT median(a.size * b.size) FROM trades a JOIN trades b ON true',
  'a correlated count':
    'SELECT sum((SELECT count(*) FROM trades b WHERE b.size > a.size * 0.5 + b.id % 7)) FROM trades a',
  'union of cross joins': `SELECT count(*) FROM (${times(3, () => 'SELECT a.id, b.label FROM trades a JOIN trades b ON true', ' UNION ')})`,
  'an intersection of cross joins':
    'SELECT a.id, b.id FROM trades a JOIN trades b ON true INTERSECT SELECT b.id, a.id FROM trades a JOIN trades b ON true',
  'a text that grows in one expression': `SELECT max(length(${grown(12)})) FROM trades`,
  'a constant text that grows': `SELECT length(${grown(12).replace('label', "'l'")})`,
  'a text doubled by subqueries': `SELECT length(x) FROM ${around(
    6,
    '(SELECT label AS x FROM trades)',
    (inner) => `(SELECT ${times(24, () => 'x', ' || ')} AS x FROM ${inner} s)`,
  )}`,
  'a text that grows by regexp_replace': `SELECT max(length(${around(9, 'label', (inner) => `regexp_replace(${inner}, '.', '\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0', 'g')`)})) FROM trades`,
  'regular expressions on long texts': `SELECT count(*) FROM trades WHERE regexp_matches(${grown(3)}, '(l+)+(e?){200}x$')`,
  'nested repetition counts': `SELECT count(*) FROM trades a JOIN trades b ON regexp_matches(a.label || b.label, '((a{0,30}){0,30}){0,30}$')`,
  'string_agg growth': `SELECT length(string_agg(a.label, b.label)) FROM trades a JOIN trades b ON true`,
  'a deep expression': `SELECT ${around(110, '1', (inner) => `(${inner} + 1)`)} FROM trades`,
  'a deep tree of subqueries': `SELECT ${around(60, '1', (inner) => `(SELECT ${inner})`)}`,
  'a wide output': `SELECT ${times(900, () => 'a.label', ', ')} FROM trades a JOIN trades b USING (id)`,
  'wide rows of long texts': `SELECT ${times(30, () => grown(3), ', ')} FROM trades`,
  'hashing of a huge intermediate': 'SELECT max(sha256(a.label || b.label)) FROM trades a JOIN trades b ON true',
  'a cube of many columns': `SELECT count(*) FROM trades GROUP BY CUBE (id, label, price, size, day, moment, ok)`,
  'powers of large numbers': 'SELECT sum(((a.id * b.id) % 1000007) ^ 2.5) FROM trades a JOIN trades b ON true',
}

/** Reads a result to its end; the code that ended it, or how it ended. */
async function outcomeOf(sql: string): Promise<string> {
  try {
    const result = await database.stream(sql, { timeoutMs, maxRows: 200_000, maxBytes: 64 * 1024 ** 2 })
    for await (const { rows } of result.batches) expect(rows).toBeGreaterThan(0)
    return result.truncated ? 'truncated' : 'ended'
  } catch (error) {
    if (error instanceof MarketplaceError) return error.code
    throw error
  }
}

describe('resource bombs', () => {
  test.each(Object.entries(bombs))(
    '%s',
    async (_name, sql) => {
      const started = performance.now()
      const outcome = await outcomeOf(sql)
      const elapsedMs = performance.now() - started
      // A process that `prlimit` stopped short of memory outside DuckDB's own accounting ends with `engine-failed`.
      expect(['too-slow', 'too-large', 'sql-refused', 'engine-failed', 'truncated', 'ended']).toContain(outcome)
      expect(elapsedMs).toBeLessThan(boundMs)
      // It needs memory of its own: what the bomb took must be given back.
      expect(await database.rows('SELECT count(DISTINCT id * 3) FROM trades')).toEqual([[100_000n]])
    },
    30_000,
  )
})

/** Engine processes of this one. */
async function enginePids(): Promise<number[]> {
  const ids = (await readdir('/proc')).map(Number).filter((id) => Number.isInteger(id))
  return ids.filter((id) => {
    try {
      const parent = /\) \S (\d+) /.exec(readFileSync(`/proc/${id}/stat`, 'utf8'))?.[1]
      return Number(parent) === process.pid && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('engine-child.ts')
    } catch {
      return false
    }
  })
}

test('a row that fails after others ends the answer as a failure, never as its end', async () => {
  const sql = 'SELECT id, CASE WHEN id >= 99999 THEN CAST(label AS INTEGER) ELSE 1 END AS late FROM trades'
  await expect(database.rows(sql)).rejects.toMatchObject({ code: 'engine-failed' })
  expect(await database.rows('SELECT count(*) FROM trades')).toEqual([[100_000n]])
})

test('an engine process that dies in the middle of an answer ends it honestly, and the next query works', async () => {
  const result = await database.stream('SELECT * FROM trades ORDER BY id')
  const batches = result.batches[Symbol.asyncIterator]()
  expect((await batches.next()).done).toBe(false)
  const pids = await enginePids()
  expect(pids).toHaveLength(1)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await expect(batches.next()).rejects.toMatchObject({ code: 'engine-failed' })
  expect(await database.rows('SELECT count(*) FROM trades')).toEqual([[100_000n]])
  expect(await enginePids()).not.toEqual(pids)
})

test('an engine process that dies while it is idle is replaced', async () => {
  const pids = await enginePids()
  expect(pids).toHaveLength(1)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  const count = () => database.rows('SELECT count(*) FROM trades').catch((error: unknown) => error)
  await expect.poll(count, { timeout: 10_000 }).toEqual([[100_000n]])
  expect(await enginePids()).not.toEqual(pids)
})
