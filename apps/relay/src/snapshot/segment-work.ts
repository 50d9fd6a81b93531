/**
 * The DuckDB work on segments, in a process of its own: rows to Parquet, and Merkle roots by reading the file back, so
 * that the root is of what was written. Identifiers are quoted, file names are SQL strings; nothing else is composed.
 */
import { createBlockHasher } from '@enigma/crypto'
import type { ResultColumn, Value } from '@enigma/protocol'
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBDecimalValue,
  DuckDBInstance,
  type DuckDBValue,
} from '@duckdb/node-api'
import { nextChunk } from '../duckdb/next-chunk.ts'
import { lineExpressionOf, lineTypeOf } from './row-line.ts'
import type { BuildTask, InspectTask, SegmentFacts, SegmentSource, SegmentTask } from './segment-task.ts'

/** An error whose text the curator may read: it is about the data and holds no internals. */
export class SegmentDataError extends Error {
  override readonly name = 'SegmentDataError'
}

export type RunSegmentTaskParameters = {
  task: SegmentTask
  memoryBytes: number
  temporaryDirectory: string
  onRows?: (rows: number) => void
}

/** Does one task; throws `SegmentDataError` where the data is at fault. */
export async function runSegmentTask(parameters: RunSegmentTaskParameters): Promise<SegmentFacts> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${Math.floor(parameters.memoryBytes / 1024 ** 2)}MiB`,
    threads: '2',
    temp_directory: parameters.temporaryDirectory,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const { task, onRows } = parameters
    const counts = task.kind === 'build' ? await build(connection, task) : undefined
    const path = task.kind === 'build' ? task.outPath : task.path
    if (task.kind === 'inspect') await checkTypes(connection, task)
    const maxRows = task.kind === 'inspect' ? task.maxRows : Infinity
    const hashed = await hashFile({ connection, path, columns: task.columns, maxRows, onRows })
    return { ...hashed, skipped: counts?.skipped ?? 0, conflicts: counts?.conflicts ?? 0 }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function build(connection: DuckDBConnection, task: BuildTask): Promise<{ skipped: number; conflicts: number }> {
  const { columns, key, outPath } = task
  const incoming = `SELECT ${columns.map((column) => selectOf(task.source, column)).join(', ')} FROM ${readerOf(task)}`
  const into = `TO ${text(outPath)} (FORMAT parquet, COMPRESSION zstd)`
  if (key === undefined) {
    await run(connection, `COPY (${incoming}) ${into}`)
    return { skipped: 0, conflicts: 0 }
  }
  await run(connection, `CREATE TEMP TABLE incoming AS SELECT DISTINCT * FROM (${incoming})`)
  await checkKey(connection, key)
  const counts = await leaveOutPublished(connection, { ...task, key })
  const order = key.map(identifier).join(', ')
  await run(connection, `COPY (SELECT * FROM incoming ORDER BY ${order}) ${into}`)
  return counts
}

async function checkKey(connection: DuckDBConnection, key: readonly string[]): Promise<void> {
  const names = key.map(identifier).join(', ')
  const empty = await first(
    connection,
    `FROM incoming WHERE ${key.map((name) => `${identifier(name)} IS NULL`).join(' OR ')}`,
  )
  if (empty !== undefined) throw new SegmentDataError(`a row has no value in its key (${key.join(', ')})`)
  const twice = await first(connection, `SELECT ${names} FROM incoming GROUP BY ${names} HAVING count(*) > 1`)
  if (twice !== undefined) {
    throw new SegmentDataError(
      `two rows have the key (${key.join(', ')}) = (${twice.map(String).join(', ')}) and differ`,
    )
  }
}

async function leaveOutPublished(
  connection: DuckDBConnection,
  { columns, key, published }: BuildTask & { key: readonly string[] },
): Promise<{ skipped: number; conflicts: number }> {
  if (published.length === 0) return { skipped: 0, conflicts: 0 }
  const names = key.map(identifier).join(', ')
  const others = columns.map(({ name }) => `i.${identifier(name)} IS DISTINCT FROM p.${identifier(name)}`).join(' OR ')
  await run(
    connection,
    `CREATE TEMP TABLE known AS SELECT ${key.map((name) => `i.${identifier(name)}`).join(', ')}, (${others}) AS differs
     FROM read_parquet(${list(published)}) p JOIN incoming i USING (${names})`,
  )
  const row = await first(connection, 'SELECT count(*), count(*) FILTER (differs) FROM known')
  await run(
    connection,
    `DELETE FROM incoming WHERE EXISTS (FROM known k WHERE ${key.map((name) => `k.${identifier(name)} = incoming.${identifier(name)}`).join(' AND ')})`,
  )
  const [known = 0, conflicts = 0] = (row ?? []).map(Number)
  return { skipped: known - conflicts, conflicts }
}

function readerOf({ columns, source: { format, paths } }: BuildTask): string {
  if (format === 'segments' || format === 'parquet') return `read_parquet(${list(paths)})`
  if (format === 'csv')
    return `read_csv(${list(paths)}, header = true, columns = ${struct(columns, ({ type }) => sqlTypeOf(type))})`
  if (format === 'json')
    return `read_json(${list(paths)}, format = 'auto', columns = ${struct(columns, ({ type }) => sqlTypeOf(type))})`
  const types = struct(columns, ({ type }) => lineTypeOf(type))
  return `read_json(${list(paths)}, format = 'newline_delimited', maximum_object_size = 4194304, columns = ${types})`
}

function selectOf({ format }: SegmentSource, column: ResultColumn): string {
  const name = identifier(column.name)
  const expression = format === 'rows' ? lineExpressionOf(column, name) : `CAST(${name} AS ${sqlTypeOf(column.type)})`
  return `${expression} AS ${name}`
}

/** A stranger's file must hold exactly the declared columns and types. */
async function checkTypes(connection: DuckDBConnection, { columns, path }: InspectTask): Promise<void> {
  const described = await run(connection, `DESCRIBE FROM read_parquet(${list([path])})`)
  const found = described.map(([name, type]) => `${String(name)} ${String(type)}`)
  const expected = columns.map(({ name, type }) => `${name} ${sqlTypeOf(type)}`)
  if (found.length === expected.length && found.every((column, index) => column === expected[index])) return
  throw new SegmentDataError('the segment does not have the declared columns')
}

async function hashFile({
  connection,
  path,
  columns,
  maxRows,
  onRows,
}: {
  connection: DuckDBConnection
  path: string
  columns: readonly ResultColumn[]
  maxRows: number
  onRows: ((rows: number) => void) | undefined
}): Promise<{ rows: number; root: `0x${string}` }> {
  const hasher = createBlockHasher(columns)
  const selected = columns.map((column) => hashedExpression(column)).join(', ')
  const result = await connection.stream(`SELECT ${selected} FROM read_parquet(${list([path])})`)
  let rows = 0
  for (let chunk = await nextChunk(result); chunk !== undefined; chunk = await nextChunk(result)) {
    const { rowCount } = chunk
    if (rows + rowCount > maxRows) throw new SegmentDataError(`the segment has more than ${maxRows} rows`)
    const values = valuesOf(chunk, columns.length)
    for (let row = 0; row < rowCount; row++) hasher.addRow(values.map((column) => column[row] ?? null))
    rows += rowCount
    onRows?.(rows)
  }
  return hasher.finish()
}

function valuesOf(chunk: DuckDBDataChunk, columnCount: number): Value[][] {
  return Array.from({ length: columnCount }, (_, index) => chunk.getColumnValues(index).map(toValue))
}

/** Dates and times leave DuckDB as the integers that protocol values are. */
function hashedExpression({ name, type }: ResultColumn): string {
  const quoted = identifier(name)
  if (type === 'date') return `CAST(${quoted} - DATE '1970-01-01' AS INTEGER)`
  return type === 'timestamp' ? `epoch_us(${quoted})` : quoted
}

function toValue(value: DuckDBValue): Value {
  if (value instanceof DuckDBDecimalValue) return value.value
  if (value instanceof DuckDBBlobValue) return value.bytes
  if (value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value)) return value as Value
  throw new SegmentDataError('a value has a type that datasets do not have')
}

const sqlTypes: Record<string, string> = {
  boolean: 'BOOLEAN',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  text: 'VARCHAR',
  blob: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
}

function sqlTypeOf(type: ResultColumn['type']): string {
  return sqlTypes[type] ?? type.toUpperCase()
}

async function run(connection: DuckDBConnection, sql: string): Promise<DuckDBValue[][]> {
  try {
    const reader = await connection.runAndReadAll(sql)
    return reader.getRows()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (/^(Conversion|Invalid Input|Binder|Out of Range|Parser) Error/.test(message)) {
      throw new SegmentDataError(message.split('\n')[0]?.slice(0, 400), { cause })
    }
    throw cause
  }
}

async function first(connection: DuckDBConnection, sql: string): Promise<DuckDBValue[] | undefined> {
  return (await run(connection, `FROM (${sql}) LIMIT 1`))[0]
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

function list(paths: readonly string[]): string {
  return `[${paths.map(text).join(', ')}]`
}

function struct(columns: readonly ResultColumn[], typeOf: (column: ResultColumn) => string): string {
  return `{${columns.map((column) => `${text(column.name)}: ${text(typeOf(column))}`).join(', ')}}`
}
