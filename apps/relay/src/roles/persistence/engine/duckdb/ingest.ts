/** Makes a database file of Parquet segments whose roots were verified: natively stored tables, read-only from then on. */
import { copyFile, rm } from 'node:fs/promises'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { decimalOf, type ColumnType } from '@enigma/protocol'
import type { EngineTable } from '../engine.ts'
import type { IngestRequest } from './engine-messages.ts'

const duckdbTypes: Record<Exclude<ColumnType, `decimal(${string}`>, string> = {
  boolean: 'BOOLEAN',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  text: 'VARCHAR',
  blob: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
}

/** Makes the file; on failure none is left. Identifiers are quoted, file names are SQL strings. */
export async function ingest(request: IngestRequest): Promise<void> {
  const { databasePath, previous } = request
  try {
    if (previous !== undefined) await copyFile(previous.databasePath, databasePath)
    await fillDatabase(request)
  } catch (error) {
    await rm(databasePath, { force: true })
    throw error
  }
}

async function fillDatabase(request: IngestRequest): Promise<void> {
  const instance = await DuckDBInstance.create(request.databasePath, {
    memory_limit: `${Math.floor(request.memoryBytes / 1024 ** 2)}MiB`,
    threads: String(request.threads),
    ...(request.maxBytes === undefined ? {} : { max_temp_directory_size: `${request.maxBytes}B` }),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  try {
    for (const table of request.tables) await fillTable(connection, table, request)
    await connection.run('CHECKPOINT')
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function fillTable(
  connection: DuckDBConnection,
  table: EngineTable & { segmentPaths: readonly string[] },
  { previous, firstRows }: IngestRequest,
): Promise<void> {
  const name = identifier(table.name)
  const held = previous?.segments[table.name]
  if (held === undefined) {
    const columns = table.columns.map((column) => `${identifier(column.name)} ${typeOf(column.type)}`)
    await connection.run(`CREATE TABLE ${name} (${columns.join(', ')})`)
  }
  const names = table.columns.map((column) => identifier(column.name)).join(', ')
  const limit = firstRows?.[table.name]
  let room = limit
  for (const path of table.segmentPaths.slice(held ?? 0)) {
    if (room !== undefined && room <= 0) return
    const clause = room === undefined ? '' : ` LIMIT ${room}`
    const { rowsChanged } = await connection.run(
      `INSERT INTO ${name} SELECT ${names} FROM read_parquet(${text(path)})${clause}`,
    )
    if (room !== undefined) room -= rowsChanged
  }
}

function typeOf(type: ColumnType): string {
  const exact = decimalOf(type)
  return exact === undefined
    ? duckdbTypes[type as keyof typeof duckdbTypes]
    : `DECIMAL(${exact.precision},${exact.scale})`
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
