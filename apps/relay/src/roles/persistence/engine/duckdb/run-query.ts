/** One query in an engine process: parse, guard, bind, run, and encode a batch whenever one is asked for. */
import { checkDuckdbQuery } from '@enigma/query'
import {
  CanonicalRowWriter,
  limits,
  MarketplaceError,
  type Parameter,
  type ResultColumn,
  type Value,
} from '@enigma/protocol'
import {
  type DuckDBConnection,
  DuckDBDateValue,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  DuckDBTimestampValue,
} from '@duckdb/node-api'
import { nextChunk } from '../../../../duckdb/next-chunk.ts'
import { engineLimits } from '../engine-limits.ts'
import { encodeArrowRows } from './arrow-batch.ts'
import { columnTypeOf } from './column-types.ts'
import type { ColumnsReply, NextReply, QueryRequest } from './engine-messages.ts'
import { HeldRows } from './held-rows.ts'
import type { OpenedDatabase } from './open-read-only.ts'
import { toFailure } from './to-failure.ts'

export type RunningQuery = {
  columns: () => Promise<ColumnsReply>
  next: () => Promise<NextReply>
  /** Interrupts the engine; the pending reply becomes a failure. */
  cancel: () => void
  /** Gives back the memory of a query that is over or was left. */
  close: () => void
}

/** Prepares a query; `columns` comes first, then `next` until it replies `end`. */
export function startQuery(
  { connection, parser, tables, inexactTables }: OpenedDatabase,
  request: QueryRequest,
): RunningQuery {
  let reader: ReturnType<typeof beginFirst> | undefined
  let statement: DuckDBPreparedStatement | undefined
  let remainingMs = request.timeoutMs
  let isCancelled = false

  const timed = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const started = performance.now()
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      connection.interrupt()
    }, remainingMs)
    try {
      return await work()
    } catch (cause) {
      // A failed statement holds the memory that its query took, until it is destroyed.
      statement?.destroySync()
      statement = undefined
      throw toFailure(cause, { isLate, isCancelled, request })
    } finally {
      clearTimeout(timer)
      remainingMs = Math.max(1, remainingMs - (performance.now() - started))
    }
  }
  return {
    columns: () =>
      timed(async () => {
        const started = performance.now()
        const tree = await parse(parser, request.sql)
        const parameterCount = request.parameters.length
        const checked = checkDuckdbQuery({ sql: request.sql, tree, tables, inexactTables, parameterCount })
        const guardMs = performance.now() - started
        statement = await prepare(connection, request)
        const result = await statement.stream()
        const columns = columnsOf(result)
        reader = beginFirst(createBatchReader({ result, columns, request, deterministic: checked.deterministic }))
        const reply = { kind: 'columns', columns, deterministic: await reader.isDeterministic(), guardMs } as const
        const first = await reader.first()
        return first === undefined ? reply : { ...reply, first }
      }),
    next: () =>
      timed(() => {
        if (reader === undefined) throw new TypeError('ask for the columns first')
        return reader.next()
      }),
    close() {
      statement?.destroySync()
      statement = undefined
      reader = undefined
    },
    cancel() {
      isCancelled = true
      connection.interrupt()
    },
  }
}

/** `first`: the first reply when it comes within `firstBatchMs`; otherwise `next` gives it, begun already. */
function beginFirst({ isDeterministic, next }: BatchReader) {
  let first: Promise<NextReply> | undefined
  return {
    isDeterministic,
    async first(): Promise<NextReply | undefined> {
      first = next()
      const inTime = await withinMs(first, engineLimits.firstBatchMs)
      if (inTime !== undefined) first = undefined
      return inTime
    },
    next(): Promise<NextReply> {
      const begun = first ?? next()
      first = undefined
      return begun
    },
  }
}

/** The value when it comes in time; `pending` goes on in any case. */
async function withinMs<Value>(pending: Promise<Value>, timeoutMs: number): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), timeoutMs)
  try {
    return await Promise.race([pending, promise])
  } finally {
    clearTimeout(timer)
  }
}

async function parse(parser: DuckDBConnection, sql: string): Promise<unknown> {
  if (Buffer.byteLength(sql) > limits.sqlBytes) {
    throw new MarketplaceError({ code: 'sql-refused', message: `A query has at most ${limits.sqlBytes} bytes of SQL.` })
  }
  const reader = await parser.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql])
  const text = reader.getRows()[0]?.[0]
  return typeof text === 'string' ? (JSON.parse(text) as unknown) : undefined
}

async function prepare(
  connection: DuckDBConnection,
  { sql, parameters }: QueryRequest,
): Promise<DuckDBPreparedStatement> {
  const statement = await connection.prepare(sql)
  for (let index = 1; index <= statement.parameterCount; index++) {
    const parameter = parameters[Number(statement.parameterName(index)) - 1]
    if (parameter === undefined) throw parameterInvalid(`$${statement.parameterName(index)} has no value`)
    bind(statement, index, parameter)
  }
  return statement
}

function bind(statement: DuckDBPreparedStatement, index: number, parameter: Parameter): void {
  const { type } = parameter
  if (type === 'null') statement.bindNull(index)
  else if (type === 'boolean') statement.bindBoolean(index, parameter.value)
  else if (type === 'double') statement.bindDouble(index, parameter.value)
  else if (type === 'bigint') statement.bindBigInt(index, inInt64(BigInt(parameter.value)))
  else if (type === 'text') statement.bindVarchar(index, parameter.value)
  else if (type === 'date')
    statement.bindDate(index, new DuckDBDateValue(Math.floor(timeOf(parameter.value) / 86_400_000)))
  else statement.bindTimestamp(index, new DuckDBTimestampValue(BigInt(timeOf(parameter.value)) * 1000n))
}

function inInt64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw parameterInvalid(`${value} does not fit 64 bits`)
  return value
}

function timeOf(text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw parameterInvalid(`${text} is no date`)
  return time
}

function parameterInvalid(details: string): MarketplaceError {
  return new MarketplaceError({ code: 'parameter-invalid', message: 'A parameter does not fit the query.', details })
}

function columnsOf(result: DuckDBResult): ResultColumn[] {
  const types = result.columnTypes()
  return result.deduplicatedColumnNames().map((name, index) => {
    const type = types[index]
    if (type === undefined) throw new TypeError('a column without a type')
    return { name: name.replaceAll(/\p{Cc}/gu, ' ').slice(0, 200), type: columnTypeOf(type) }
  })
}

type BatchReader = { isDeterministic: () => Promise<boolean>; next: () => Promise<NextReply> }
type BatchReaderParameters = {
  result: DuckDBResult
  columns: ResultColumn[]
  request: QueryRequest
  deterministic: boolean
}

function createBatchReader({ result, columns, request, deterministic }: BatchReaderParameters): BatchReader {
  const { maxRows, maxBytes } = request
  const held = new HeldRows(columns)
  let sentRows = 0
  let sentBytes = 0
  let isExhausted = false
  let isTruncated = false
  /** The rows of a small deterministic result, in their canonical order. */
  let sorted: Value[][] | undefined

  const fill = async (rows: number) => {
    while (!isExhausted && held.rows < rows && held.bytes < engineLimits.batchBytes) {
      const chunk = await nextChunk(result)
      if (chunk === undefined) isExhausted = true
      else held.add(chunk)
    }
  }
  const end = (truncated: boolean): NextReply => {
    isTruncated ||= truncated
    isExhausted = true
    return { kind: 'end', truncated: isTruncated }
  }
  const send = (rows: number, arrow: Uint8Array, values?: Value[][]): NextReply => {
    if (sentBytes + arrow.length > maxBytes) return end(true)
    sentRows += rows
    sentBytes += arrow.length
    const isLast = isExhausted && (held.rows === 0 || values !== undefined)
    return { kind: 'batch', rows, arrow, isLast, ...(values === undefined ? {} : { values }) }
  }
  return {
    async isDeterministic() {
      if (!deterministic) return false
      await fill(limits.deterministicRows + 1)
      if (!isExhausted || held.rows > Math.min(limits.deterministicRows, maxRows)) return false
      sorted = sortRows(columns, held.values())
      return true
    },
    async next() {
      if (isTruncated) return end(true)
      if (sorted !== undefined) {
        const rows = sorted.splice(0, sorted.length)
        return rows.length === 0 ? end(false) : send(rows.length, encodeArrowRows(columns, rows), rows)
      }
      const wanted = sentRows === 0 ? engineLimits.firstBatchRows : engineLimits.batchRows
      await fill(wanted)
      if (held.rows === 0) return end(false)
      if (sentRows >= maxRows) return end(true)
      const { rows, arrow } = held.take(Math.min(wanted, maxRows - sentRows))
      return send(rows, arrow)
    },
  }
}

/** Bytewise by canonical form: the same order on every engine. */
function sortRows(columns: readonly ResultColumn[], rows: Value[][]): Value[][] {
  const writer = new CanonicalRowWriter(columns)
  const keyed = rows.map((row) => {
    writer.write(row)
    return { row, key: Buffer.from(writer.take()) }
  })
  return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ row }) => row)
}
