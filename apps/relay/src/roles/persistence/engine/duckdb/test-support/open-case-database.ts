/** A real engine pool on a database of the case tables of @enigma/query, and one table that no asker may see. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Value } from '@enigma/protocol'
import { caseTables } from '@enigma/query/cases'
import { tableFromIPC } from '@uwdata/flechette'
import { findSandboxTools } from '../../../../worker/sandbox/sandbox-tools.ts'
import type { EngineHealth, EngineQuery, EngineResult } from '../../engine.ts'
import { createDuckdbEngine } from '../duckdb-engine.ts'

export type CaseDatabase = {
  stream: (sql: string, rest?: Partial<EngineQuery>) => Promise<EngineResult>
  /** All rows; up to 1,000,000 in 30 s unless told otherwise. */
  rows: (sql: string, rest?: Partial<EngineQuery>) => Promise<Value[][]>
  health: () => EngineHealth
  close: () => Promise<void>
}

const tradesSql = (rows: number) => `SELECT i AS id, 'label-' || (i % 5) AS label, (i / 8)::DECIMAL(18,4) AS price,
  i / 2 AS size, DATE '1970-01-01' + (i % 10)::INTEGER AS day, TIMESTAMP '1970-01-01' + to_seconds(i) AS moment,
  i % 2 = 0 AS ok FROM range(${rows}) r(i)`
const productsSql = `SELECT 'label-' || i AS label, 'Title ' || i AS title, i::INTEGER AS lot,
  DATE '1969-01-01' + i::INTEGER AS listed FROM range(4) r(i)`

/** Opens it in a directory of its own, which `close` removes. */
export async function openCaseDatabase({
  rows,
  memoryBytes = 256 * 1024 ** 2,
  processes = 1,
}: {
  rows: number
  memoryBytes?: number
  processes?: number
}): Promise<CaseDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-cases-'))
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const segment = async (name: string, sql: string) => {
    const path = join(directory, `${name}.parquet`)
    await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`)
    return [path]
  }
  const paths = [await segment('trades', tradesSql(rows)), await segment('products', productsSql)]
  const hidden = {
    name: 'hidden',
    columns: [{ name: 'id', type: 'bigint' }] as const,
    segmentPaths: await segment('hidden', 'SELECT 42::BIGINT AS id'),
  }
  const tables = caseTables.map((table, index) => ({ ...table, segmentPaths: paths[index] ?? [] }))
  const engine = createDuckdbEngine({ tools: findSandboxTools(), memoryBytes, processes })
  const databasePath = join(directory, 'cases.db')
  await engine.ingest({ databasePath, tables: [...tables, hidden] })
  const database = await engine.open({ databasePath, tables: caseTables })
  const stream: CaseDatabase['stream'] = (sql, rest = {}) =>
    database.stream({
      sql,
      parameters: [],
      maxRows: 1_000_000,
      maxBytes: 1024 ** 3,
      timeoutMs: 30_000,
      signal: new AbortController().signal,
      ...rest,
    })
  return {
    stream,
    async rows(sql, rest) {
      const all: Value[][] = []
      for await (const { arrow } of (await stream(sql, rest)).batches) {
        const table = tableFromIPC(new Uint8Array(arrow), { useBigInt: true, useDecimalInt: true })
        for (let row = 0; row < table.numRows; row++) all.push(table.children.map((column) => column.at(row) as Value))
      }
      return all
    },
    health: () => database.health,
    async close() {
      await database.close()
      connection.closeSync()
      await rm(directory, { recursive: true })
    },
  }
}
