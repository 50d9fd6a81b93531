/**
 * Rows as JSON lines between the daemon and the process that writes segments: an object per row, keyed by column name;
 * what JSON cannot hold exactly is text (bigint, timestamp and decimals in decimal digits, blobs in base64).
 */
import { decimalOf, type ResultColumn, type Value } from '@enigma/protocol'

/** Encodes values in column order as one line without its line feed. */
export function encodeRowLine(columns: readonly ResultColumn[], values: readonly Value[]): string {
  const fields = columns.map(({ name, type }, index) => `${JSON.stringify(name)}:${encodeField(type, values[index])}`)
  return `{${fields.join(',')}}`
}

function encodeField(type: ResultColumn['type'], value: Value = null): string {
  if (typeof value === 'bigint') return `"${withPoint(value, decimalOf(type)?.scale ?? 0)}"`
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
  return JSON.stringify(value)
}

function withPoint(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString()
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const sqlTypes: Record<string, string> = { boolean: 'BOOLEAN', integer: 'INTEGER', double: 'DOUBLE', date: 'INTEGER' }

/** The DuckDB type with which a field of a line is read. */
export function lineTypeOf(type: ResultColumn['type']): string {
  return sqlTypes[type] ?? 'VARCHAR'
}

/** The DuckDB expression that turns the read field `name` (quoted) into a value of the column's type. */
export function lineExpressionOf({ type }: Pick<ResultColumn, 'type'>, name: string): string {
  const decimal = decimalOf(type)
  if (decimal !== undefined) return `CAST(${name} AS DECIMAL(${decimal.precision},${decimal.scale}))`
  if (type === 'bigint') return `CAST(${name} AS BIGINT)`
  if (type === 'date') return `CAST(DATE '1970-01-01' + ${name} AS DATE)`
  if (type === 'timestamp') return `make_timestamp(CAST(${name} AS BIGINT))`
  if (type === 'blob') return `from_base64(${name})`
  return name
}
