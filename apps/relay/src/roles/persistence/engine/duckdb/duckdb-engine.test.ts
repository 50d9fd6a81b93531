import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll } from 'vitest'
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
