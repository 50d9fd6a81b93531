/** Exact conversion of what a script yields (JSON) into values of the declared column types; nothing is rounded. */
import { decimalOf, type ColumnType, type Value } from '@enigma/protocol'

const int64Max = 2n ** 63n - 1n
const microsecondsPerDay = 86_400_000_000n
const millisecondsPerDay = 86_400_000
const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/
const timestampPattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})$/
const numberPattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/** Converts one JSON value; throws `TypeError` that says what the column expects. Absent and null become null. */
export function convertValue(type: ColumnType, value: unknown): Value {
  if (value === null || value === undefined) return null
  const decimal = decimalOf(type)
  const converted = decimal === undefined ? convertSimple(type, value) : toDecimal(value, decimal)
  if (converted === undefined) throw new TypeError(`expects ${expectationOf(type)}, got ${shown(value)}`)
  return converted
}

function convertSimple(type: ColumnType, value: unknown): Value | undefined {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'integer':
      return Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 31
        ? (value as number) + 0
        : undefined
    case 'bigint':
      return toInt64(value)
    case 'double':
      return typeof value === 'number' ? value : undefined
    case 'text':
      return typeof value === 'string' && value.isWellFormed() && !value.includes('\0') ? value : undefined
    case 'blob':
      return toBlob(value)
    case 'date':
      return typeof value === 'string' ? toDate(value) : undefined
    case 'timestamp':
      return typeof value === 'string' ? toTimestamp(value) : undefined
    default:
      return undefined
  }
}

function toInt64(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return undefined
  const integer = BigInt(value)
  return integer <= int64Max && integer >= -int64Max - 1n ? integer : undefined
}

function toBlob(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4 !== 0) return undefined
  return new Uint8Array(Buffer.from(value, 'base64'))
}

/** Days since 1970 of `YYYY-MM-DD`, or of a time stamp at midnight UTC (a `Date` of the script). */
function toDate(text: string): number | undefined {
  const day = text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text
  if (!datePattern.test(day)) return undefined
  const milliseconds = Date.parse(`${day}T00:00:00.000Z`)
  const isReal = !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(day)
  return isReal ? milliseconds / millisecondsPerDay : undefined
}

function toTimestamp(text: string): bigint | undefined {
  const [, day = '', hours, minutes, seconds, fraction = '', zone = ''] = timestampPattern.exec(text) ?? []
  const days = toDate(day)
  if (days === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const inDay = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  const offset = offsetSeconds(zone)
  if (offset === undefined) return undefined
  return BigInt(days) * microsecondsPerDay + BigInt(inDay - offset) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
}

function offsetSeconds(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4, 6))
  if (hours > 18 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60)
}

/** The unscaled integer, where the decimal text of the value fits the column without loss. */
function toDecimal(value: unknown, { precision, scale }: { precision: number; scale: number }): bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const [, sign, whole, fraction = '', exponent = '0'] = numberPattern.exec(String(value).slice(0, 100)) ?? []
  if (whole === undefined) return undefined
  const shift = scale - fraction.length + Number(exponent)
  const digits = whole + fraction
  const kept = shift >= 0 ? digits + '0'.repeat(shift) : digits.slice(0, shift)
  const lost = shift >= 0 ? '' : digits.slice(shift)
  if (/[1-9]/.test(lost)) return undefined
  const magnitude = BigInt(kept === '' ? '0' : kept)
  if (magnitude >= 10n ** BigInt(precision)) return undefined
  return sign === '-' ? -magnitude : magnitude
}

function expectationOf(type: ColumnType): string {
  const decimal = decimalOf(type)
  if (decimal !== undefined) {
    return `a number of at most ${decimal.precision} digits, ${decimal.scale} of them after the point`
  }
  const words: Partial<Record<ColumnType, string>> = {
    boolean: 'true or false',
    integer: 'a whole number of 32 bits',
    bigint: 'a whole number of 64 bits (a bigint, or a number that is exact)',
    double: 'a finite number',
    text: 'text',
    blob: 'bytes (a Uint8Array)',
    date: 'a date (YYYY-MM-DD, or a Date at midnight UTC)',
    timestamp: 'a time with its zone (a Date, or 2026-01-31T12:00:00Z)',
  }
  return words[type] ?? type
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return `${typeof value} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`
}
