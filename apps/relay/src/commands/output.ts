/** What commands print: tables for people, JSON with `--json` for programs; progress goes to standard error. */
import { decimalOf, type ErrorCode, MarketplaceError, type ResultColumn, type Value } from '@enigma/protocol'
import Table from 'cli-table3'
import { BaseError, HttpRequestError, TimeoutError } from 'viem'

/** Exit codes of the `enigma` command, as its help prints them. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

const unreachableCodes: readonly ErrorCode[] = [
  'no-relay',
  'no-node',
  'no-route',
  'chain-unavailable',
  'timeout',
  'busy',
]
const usageCodes: readonly ErrorCode[] = ['setting-invalid', 'name-invalid', 'payouts-invalid', 'no-session']

export type Streams = { stdout: NodeJS.WritableStream; stderr: NodeJS.WritableStream & { isTTY?: boolean } }
export type Output = {
  readonly json: boolean
  /** Prints one record: `label  value` lines, or the record as JSON. */
  record: (record: Readonly<Record<string, unknown>>) => void
  /** Prints rows under their columns, or `{columns, rows}` as JSON. */
  rows: (columns: readonly ResultColumn[], rows: readonly (readonly Value[])[]) => void
  /** Prints records as a table, or as a JSON array. */
  list: (records: readonly Readonly<Record<string, unknown>>[]) => void
  /** Tells on standard error what long work is at; replaces the last line on a terminal. */
  progress: (text: string) => void
  /** Ends a replaced progress line. */
  progressDone: () => void
}

/** Creates the output of one command. */
export function createOutput({ json, stdout, stderr }: Streams & { json: boolean }): Output {
  const print = (text: string) => void stdout.write(`${text}\n`)
  const terminal = stderr.isTTY === true
  let open = false
  return {
    json,
    record: (record) => print(json ? toJson(record) : formatRecord(record)),
    rows: (columns, rows) => print(json ? toJson(rowsAsJson(columns, rows)) : formatRows(columns, rows)),
    list: (records) => print(json ? toJson(records) : formatList(records)),
    progress(text) {
      stderr.write(terminal ? `\r\u001b[2K${text}` : `${text}\n`)
      open = terminal
    },
    progressDone() {
      if (open) stderr.write('\n')
      open = false
    },
  }
}

/** The exit code of an error code, as docs/errors.md lists them. */
export function exitCodeOf(code: ErrorCode): number {
  if (usageCodes.includes(code)) return exitCodes.usage
  return unreachableCodes.includes(code) ? exitCodes.unreachable : exitCodes.refused
}

/** The exit code and the text that a person sees for an error. */
export function describeError(thrown: unknown, { debug }: { debug: boolean }): { exitCode: number; text: string } {
  const error = isUnreachedChain(thrown) ? chainUnreachable(thrown) : thrown
  if (error instanceof MarketplaceError) {
    const exitCode = exitCodeOf(error.code)
    const lines = [`error: ${error.message}`, `code: ${error.code}`]
    return {
      exitCode,
      text: debug ? [...lines, String(error.stack), String(error.walk())].join('\n') : lines.join('\n'),
    }
  }
  const text = error instanceof Error ? (debug ? String(error.stack) : error.message) : String(error)
  return { exitCode: exitCodes.refused, text: `error: ${text}` }
}

function isUnreachedChain(error: unknown): error is BaseError {
  return (
    error instanceof BaseError &&
    error.walk((each) => each instanceof HttpRequestError || each instanceof TimeoutError) !== null
  )
}

function chainUnreachable(cause: BaseError): MarketplaceError {
  const message = 'The Ethereum node cannot be reached; check its address (rpcUrls in the network file, or --rpc).'
  return new MarketplaceError({ code: 'chain-unavailable', message, details: cause.details, cause })
}

/** A value as text: exact decimals, ISO dates and times, hex for bytes, `NULL` for null. */
export function formatValue(type: ResultColumn['type'], value: Value): string {
  if (value === null) return 'NULL'
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`
  if (type === 'date' && typeof value === 'number') return new Date(value * 86_400_000).toISOString().slice(0, 10)
  if (type === 'timestamp' && typeof value === 'bigint') return formatTimestamp(value)
  const decimal = decimalOf(type)
  return decimal !== undefined && typeof value === 'bigint' ? formatDecimal(value, decimal.scale) : String(value)
}

function formatTimestamp(microseconds: bigint): string {
  const milliseconds = microseconds / 1000n - (microseconds % 1000n < 0n ? 1n : 0n)
  const rest = String(microseconds - milliseconds * 1000n).padStart(3, '0')
  const iso = new Date(Number(milliseconds)).toISOString()
  return rest === '000' ? iso.replace('.000Z', 'Z') : iso.replace('Z', `${rest}Z`)
}

function formatDecimal(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function rowsAsJson(columns: readonly ResultColumn[], rows: readonly (readonly Value[])[]) {
  const plain = (type: ResultColumn['type'], value: Value) =>
    typeof value === 'boolean' || value === null || type === 'integer' || type === 'double'
      ? value
      : formatValue(type, value)
  return {
    columns,
    rows: rows.map((row) => columns.map((column, index) => plain(column.type, row[index] ?? null))),
  }
}

function formatRows(columns: readonly ResultColumn[], rows: readonly (readonly Value[])[]): string {
  const table = new Table({ head: columns.map(({ name }) => name), style: { head: [], border: [] } })
  for (const row of rows) table.push(columns.map(({ type }, index) => printable(formatValue(type, row[index] ?? null))))
  return table.toString()
}

function formatRecord(record: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(record).map((key) => key.length))
  return Object.entries(record)
    .map(([key, value]) => `${key.padEnd(width)}  ${printable(cell(value))}`)
    .join('\n')
}

function formatList(records: readonly Readonly<Record<string, unknown>>[]): string {
  const [first] = records
  if (first === undefined) return '(none)'
  const table = new Table({ head: Object.keys(first), style: { head: [], border: [] } })
  for (const record of records) table.push(Object.values(record).map((value) => printable(cell(value))))
  return table.toString()
}

function cell(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined ? '' : JSON.stringify(value, replaceBigint)
}

/** Foreign text on a terminal: control characters (escape sequences, bidi) are shown and not obeyed. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

function toJson(value: unknown): string {
  return JSON.stringify(value, replaceBigint, 2)
}

function replaceBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
