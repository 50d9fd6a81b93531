/** The compliance suite that every engine adapter passes: what the persistence role relies on. */
import { randomUUID } from 'node:crypto'
import { tableFromIPC } from '@uwdata/flechette'
import type { Parameter, ResultColumn, Value } from '@enigma/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine, EngineDatabase, EngineQuery } from './engine.ts'

const columns: ResultColumn[] = [
  { name: 'id', type: 'bigint' },
  { name: 'label', type: 'text' },
  { name: 'price', type: 'decimal(18,4)' },
  { name: 'size', type: 'double' },
  { name: 'day', type: 'date' },
  { name: 'at', type: 'timestamp' },
  { name: 'ok', type: 'boolean' },
]

export type EngineFixture = {
  engine: Engine
  /** Makes a Parquet file of `rows` rows: id 0…, label `label-<id % 5>`, price id / 8, the rest derived. */
  makeSegment: (parameters: { firstId: number; rows: number }) => Promise<string>
  databasePath: (name: string) => string
}

async function readAll(reader: AsyncIterator<unknown>): Promise<void> {
  while ((await reader.next()).done !== true);
}

/** Runs the suite on an adapter whose engine has three processes, held by slow readers for a second at most. */
export function describeEngine(name: string, createFixture: () => Promise<EngineFixture>): void {
  describe(`engine ${name}`, () => {
    let fixture: EngineFixture
    let database: EngineDatabase
    const totalRows = 100_000

    beforeAll(async () => {
      fixture = await createFixture()
      const databasePath = fixture.databasePath(`${name}-${randomUUID()}.db`)
      const segmentPaths = [
        await fixture.makeSegment({ firstId: 0, rows: 60_000 }),
        await fixture.makeSegment({ firstId: 60_000, rows: 40_000 }),
      ]
      await fixture.engine.ingest({ databasePath, tables: [{ name: 'trades', columns, segmentPaths }] })
      database = await fixture.engine.open({ databasePath, tables: [{ name: 'trades', columns }] })
    })
    afterAll(() => database.close())

    const ask = (sql: string, rest: Partial<EngineQuery> = {}) =>
      database.stream({
        sql,
        parameters: [],
        maxRows: 1_000_000,
        maxBytes: 1024 ** 3,
        timeoutMs: 10_000,
        signal: new AbortController().signal,
        ...rest,
      })
    const rowsOf = async (sql: string, rest: Partial<EngineQuery> = {}) => {
      const result = await ask(sql, rest)
      const rows: Value[][] = []
      for await (const batch of result.batches) {
        const table = tableFromIPC(new Uint8Array(batch.arrow), { useBigInt: true, useDecimalInt: true })
        expect(table.numRows).toBe(batch.rows)
        for (let row = 0; row < batch.rows; row++) {
          rows.push(table.children.map((column) => column.at(row) as Value))
        }
      }
      return { result, rows }
    }
    const isWell = async () => {
      expect((await rowsOf('SELECT count(*) FROM trades')).rows).toEqual([[BigInt(totalRows)]])
    }

    test('keeps every type exactly', async () => {
      const { result, rows } = await rowsOf('SELECT * FROM trades WHERE id = 3')
      expect(result.columns).toEqual(columns)
      expect(rows).toEqual([[3n, 'label-3', 3750n, 1.5, 3, 3_000_000n, false]])
    })

    test('gives nulls, empty texts and empty results', async () => {
      expect((await rowsOf(`SELECT NULL::INTEGER AS a, '' AS b, NULL::DECIMAL(4,2) AS c`)).rows).toEqual([
        [null, '', null],
      ])
      expect((await rowsOf('SELECT id FROM trades WHERE id < 0')).rows).toEqual([])
    })

    test('streams all rows once, the first batch small', async () => {
      const result = await ask('SELECT id FROM trades ORDER BY id')
      const sizes: number[] = []
      for await (const { rows } of result.batches) sizes.push(rows)
      expect(sizes[0]).toBeLessThanOrEqual(4096)
      expect(sizes.reduce((sum, rows) => sum + rows, 0)).toBe(totalRows)
      expect(result.truncated).toBe(false)
    })

    test('cuts at the row limit and at the byte limit, and says so', async () => {
      const limited = await rowsOf('SELECT id FROM trades ORDER BY id', { maxRows: 5000 })
      expect(limited.rows).toHaveLength(5000)
      expect(limited.result.truncated).toBe(true)
      const small = await rowsOf('SELECT * FROM trades ORDER BY id', { maxBytes: 300_000 })
      expect(small.rows.length).toBeLessThan(totalRows)
      expect(small.result.truncated).toBe(true)
      expect((await rowsOf('SELECT id FROM trades ORDER BY id', { maxRows: totalRows })).result.truncated).toBe(false)
    })

    test('binds parameters as values', async () => {
      const parameters: Parameter[] = [
        { type: 'text', value: `label-1' OR 1=1 --` },
        { type: 'bigint', value: '7' },
      ]
      const { rows } = await rowsOf('SELECT count(*) FROM trades WHERE label = $1 OR id = $2', { parameters })
      expect(rows).toEqual([[1n]])
      await expect(ask('SELECT $2::INTEGER', { parameters: [{ type: 'null' }] })).rejects.toMatchObject({
        code: 'sql-refused',
      })
    })

    test('gives deterministic results in one order, with their values', async () => {
      const { result, rows } = await rowsOf(
        'SELECT label, sum(id) AS total, max(price) AS top FROM trades GROUP BY label',
      )
      expect(result.deterministic).toBe(false)
      const counted = await ask('SELECT label, count(*) AS n FROM trades GROUP BY label')
      expect(counted.deterministic).toBe(true)
      const values: (readonly Value[])[] = []
      for await (const batch of counted.batches) values.push(...(batch.values ?? []))
      expect(values.map(([label]) => label)).toEqual(['label-0', 'label-1', 'label-2', 'label-3', 'label-4'])
      expect(rows).toHaveLength(5)
    })

    test('refuses what is not one SELECT over its tables, and goes on', async () => {
      for (const sql of [
        'DROP TABLE trades',
        'SELECT * FROM other',
        'SELECT 1; SELECT 2',
        `SELECT * FROM read_csv('/etc/passwd')`,
      ]) {
        await expect(ask(sql)).rejects.toMatchObject({ code: 'sql-refused' })
      }
      await isWell()
    })

    test('ends a query that takes too long, and goes on', async () => {
      const slow = `SELECT count(*) FROM trades a JOIN trades b ON a.id <> b.id JOIN trades c ON b.id <> c.id`
      await expect(ask(slow, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'too-slow' })
      await isWell()
    })

    test('tells when it starts on a query, also on one that it refuses, and not on one whose asker has gone', async () => {
      const started: string[] = []
      const asking = (sql: string, signal?: AbortSignal) =>
        ask(sql, { onStarted: () => started.push(sql), ...(signal && { signal }) })
      for await (const { rows } of (await asking('SELECT 1')).batches)
        expect([rows, started]).toEqual([1, ['SELECT 1']])
      await expect(asking('DROP TABLE trades')).rejects.toThrow()
      await expect(asking('SELECT 2', AbortSignal.abort())).rejects.toThrow()
      expect(started).toEqual(['SELECT 1', 'DROP TABLE trades'])
    })

    test('stops when the asker goes, at once or between batches', async () => {
      const gone = new AbortController()
      const slow = ask(`SELECT count(*) FROM trades a JOIN trades b ON a.id <> b.id`, { signal: gone.signal })
      gone.abort()
      await expect(slow).rejects.toThrow()
      for await (const batch of (await ask('SELECT * FROM trades')).batches) {
        expect(batch.rows).toBeGreaterThan(0)
        break
      }
      await isWell()
    })

    test('frees the engine when the asker goes before the first batch', async () => {
      const gone = new AbortController()
      const { batches } = await ask('SELECT * FROM trades', { signal: gone.signal })
      gone.abort()
      await expect.poll(() => database.health.busy).toBe(0)
      await expect(batches[Symbol.asyncIterator]().next()).rejects.toThrow()
      await isWell()
    })

    test('answers more askers at once than it has processes', async () => {
      const counts = await Promise.all(
        Array.from({ length: 12 }, (_, at) =>
          rowsOf('SELECT count(*) FROM trades WHERE id % 12 = $1', {
            parameters: [{ type: 'bigint', value: String(at) }],
          }),
        ),
      )
      expect(counts.reduce((sum, { rows }) => sum + Number(rows[0]?.[0]), 0)).toBe(totalRows)
    })

    describe('askers who wait', () => {
      const slowSql = `SELECT count(*) FROM trades a JOIN trades b ON a.id <> b.id JOIN trades c ON b.id <> c.id`

      test('take turns: a small question is not behind all the slow ones of another', async () => {
        const others = new AbortController()
        const slow = Array.from({ length: 12 }, () => ask(slowSql, { signal: others.signal, lane: 'slow' }))
        const outcomes = Promise.allSettled(slow)
        await expect.poll(() => database.health.waiting).toBeGreaterThan(8)
        const { rows } = await rowsOf('SELECT count(*) FROM trades', { lane: 'small' })
        expect(rows).toEqual([[BigInt(totalRows)]])
        expect(database.health.waiting).toBeGreaterThan(8)
        others.abort()
        expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true)
        await isWell()
      })

      test('leave the line at once when they go', async () => {
        const others = new AbortController()
        const gone = new AbortController()
        const running = Promise.allSettled(
          Array.from({ length: 4 }, () => ask(slowSql, { signal: others.signal, lane: 'a' })),
        )
        const waiting = ask(slowSql, { signal: gone.signal, lane: 'b' }).catch((error: unknown) => error)
        const last = ask('SELECT 1', { signal: gone.signal, lane: 'a' }).catch((error: unknown) => error)
        await expect.poll(() => database.health.waiting).toBeGreaterThan(0)
        const before = database.health.waiting
        gone.abort()
        expect(await last).toBeInstanceOf(Error)
        expect(database.health.waiting).toBeLessThan(before)
        others.abort()
        await Promise.all([running, waiting])
        await isWell()
      })

      test('get the process of a reader that does not fetch', async () => {
        const held = await Promise.all(
          ['a', 'b', 'c'].map((lane) => ask('SELECT * FROM trades', { lane }).then((result) => result.batches)),
        )
        const readers = held.map((batches) => batches[Symbol.asyncIterator]())
        for (const reader of readers) await reader.next()
        await isWell()
        const outcomes = await Promise.allSettled(readers.map(readAll))
        const codes = outcomes.map((each) => (each.status === 'rejected' ? (each.reason as { code: string }).code : ''))
        expect(codes.filter((code) => code === 'too-slow')).toHaveLength(1)
      })

      test('get no process of a reader for having been slow before they came', async () => {
        const slow = (await ask('SELECT * FROM trades', { lane: 'reader' })).batches[Symbol.asyncIterator]()
        await slow.next()
        // The reader pauses for longer than it may hold a process back, with nobody waiting.
        await ask(slowSql, { lane: 'busy', timeoutMs: 1500 }).catch(() => undefined)
        const others = new AbortController()
        const busy = ['a', 'b', 'c'].map((lane) => ask(slowSql, { lane, signal: others.signal }))
        const outcomes = Promise.allSettled(busy)
        await expect.poll(() => database.health.waiting).toBe(1)
        // Longer than it takes to look for slow readers, and less than the reader may still take.
        await ask(slowSql, { lane: 'a', timeoutMs: 400, signal: AbortSignal.timeout(400) }).catch(() => undefined)
        await readAll(slow)
        others.abort()
        await outcomes
      })

      test('get no process of a slow reader that would not help them', async () => {
        const slow = (await ask('SELECT * FROM trades', { lane: 'reader' })).batches[Symbol.asyncIterator]()
        await slow.next()
        // Two of the other lane run, for longer than a reader may hold a process; the third would have to wait for them.
        const busy = [1, 2, 3].map(() => ask(slowSql, { lane: 'busy', timeoutMs: 2500 }))
        const outcomes = Promise.allSettled(busy)
        await Promise.allSettled([Promise.race(busy)])
        await readAll(slow)
        await outcomes
      })
    })

    test('appends to a copy of an earlier database', async () => {
      const first = await fixture.makeSegment({ firstId: 0, rows: 10 })
      const second = await fixture.makeSegment({ firstId: 10, rows: 5 })
      const [oldPath, newPath] = [
        fixture.databasePath(`${randomUUID()}.db`),
        fixture.databasePath(`${randomUUID()}.db`),
      ]
      await fixture.engine.ingest({
        databasePath: oldPath,
        tables: [{ name: 'trades', columns, segmentPaths: [first] }],
      })
      await fixture.engine.ingest({
        databasePath: newPath,
        previous: { databasePath: oldPath, segments: { trades: 1 } },
        tables: [{ name: 'trades', columns, segmentPaths: [first, second] }],
      })
      const opened = await fixture.engine.open({ databasePath: newPath, tables: [{ name: 'trades', columns }] })
      const result = await opened.stream({
        sql: 'SELECT id FROM trades',
        parameters: [],
        maxRows: 100,
        maxBytes: 1e6,
        timeoutMs: 5000,
        signal: new AbortController().signal,
      })
      let rows = 0
      for await (const batch of result.batches) rows += batch.rows
      expect(rows).toBe(15)
      await opened.close()
    })
  })
}
