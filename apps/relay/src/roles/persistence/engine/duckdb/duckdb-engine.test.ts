import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findSandboxTools } from '../../../worker/sandbox/sandbox-tools.ts'
import { describeEngine } from '../describe-engine.ts'
import { createDuckdbEngine } from './duckdb-engine.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-engine-'))
})
afterAll(() => rm(directory, { recursive: true }))

describeEngine('duckdb', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  return {
    engine: createDuckdbEngine({
      tools: findSandboxTools(),
      memoryBytes: 512 * 1024 ** 2,
      readerHoldMs: 1000,
    }),
    databasePath: (name) => join(directory, name),
    async makeSegment({ firstId, rows }) {
      const path = join(directory, `${firstId}-${rows}.parquet`)
      await connection.run(`COPY (
        SELECT i AS id, 'label-' || (i % 5) AS label, (i / 8)::DECIMAL(18,4) AS price, i / 2 AS size,
          DATE '1970-01-01' + (i % 10)::INTEGER AS day, TIMESTAMP '1970-01-01' + to_seconds(i) AS at, i % 2 = 0 AS ok
        FROM range(${firstId}, ${firstId + rows}) r(i)) TO '${path}' (FORMAT parquet)`)
      return path
    },
  }
})

const tools = findSandboxTools()
test.skipIf(tools.prlimit === undefined)(
  'a small segment that unpacks beyond what a database may take is refused, and leaves nothing on the disk',
  async () => {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const path = join(directory, 'bomb.parquet')
    await connection.run(`COPY (SELECT repeat(md5((i % 7)::VARCHAR), 320) AS label FROM range(4000) r(i))
    TO '${path}' (FORMAT parquet, COMPRESSION zstd)`)
    expect((await stat(path)).size).toBeLessThan(10_000)
    const before = await readdir(directory)
    const engine = createDuckdbEngine({ tools, memoryBytes: 512 * 1024 ** 2 })
    const tables = [{ name: 'bomb', columns: [{ name: 'label', type: 'text' as const }], segmentPaths: [path] }]
    const databasePath = join(directory, 'bomb.db')
    const ingested = engine.ingest({ databasePath, tables, maxBytes: 16 * 1024 ** 2 })
    await expect(ingested).rejects.toMatchObject({ code: 'engine-failed' })
    expect(await readdir(directory)).toEqual(before)
    await engine.ingest({ databasePath, tables, maxBytes: 128 * 1024 ** 2 })
    expect((await stat(databasePath)).size).toBeGreaterThan(32 * 1024 ** 2)
  },
)
