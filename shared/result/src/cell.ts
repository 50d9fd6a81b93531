/** Values of results as text: exact in files and in the viewer, clipped and made visible in the grid. */

type CellValue = null | boolean | number | bigint | string | Uint8Array

/** Whether values of a SQL type are numbers: right-aligned, and no text that a spreadsheet could take for a formula. */
export function isNumericType(type: string): boolean {
  return type === 'integer' || type === 'bigint' || type === 'double' || type.startsWith('decimal(')
}

/** Whether values of a SQL type are moments. */
export function isTimeType(type: string): boolean {
  return type === 'timestamp' || type === 'date'
}

/** Digits behind the point of a decimal type; 0 for other types. */
export function scaleOf(type: string): number {
  return Number(/^decimal\(\d{1,2},(\d{1,2})\)$/.exec(type)?.[1] ?? 0)
}

/** A value in full, exact and without decoration; null is the empty text. */
export function exactText(type: string, value: CellValue): string {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return toHex(value)
  if (type === 'timestamp' && typeof value === 'bigint') return isoTimestamp(value)
  if (type === 'date' && typeof value === 'number') return isoDate(value)
  if (typeof value === 'bigint') return decimalText(value, scaleOf(type))
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Characters that a cell of the grid shows at most, and bytes of a blob. */
const cellCharacters = 200
const cellBytes = 12

/** A value for a cell of the grid: one line, clipped, with every invisible character made visible. */
export function cellText(type: string, value: CellValue): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return oneLine(value, cellCharacters)
  if (value instanceof Uint8Array) {
    const rest = value.length > cellBytes ? '…' : ''
    return `${toHex(value.subarray(0, cellBytes))}${rest} (${value.length} B)`
  }
  const text = exactText(type, value)
  return type === 'timestamp' ? text.replace('T', ' ').replace(/Z$/, '') : text
}

/** Text on one line: line breaks and other control characters as pictures, overrides of direction by their number. */
export function oneLine(text: string, maxLength: number): string {
  const clipped = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return clipped.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu, (character) => {
    const code = character.charCodeAt(0)
    if (code === 0x0a) return '⏎'
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
  })
}

/** Decimal text of an unscaled integer. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString()
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const microsPerSecond = 1_000_000n
/** The engine's own words for the ends of time. */
const lastMicros = 2n ** 63n - 1n
const lastDay = 2 ** 31 - 1
/** What a Date can hold, in milliseconds. */
const maxDateMs = 8.64e15

/** `2018-02-06T20:00:00.123456Z`; a fraction only where there is one. */
export function isoTimestamp(micros: bigint): string {
  if (micros === lastMicros) return 'infinity'
  if (micros === -lastMicros) return '-infinity'
  const seconds = micros / microsPerSecond - (micros % microsPerSecond < 0n ? 1n : 0n)
  const ms = Number(seconds) * 1000
  if (Math.abs(ms) > maxDateMs) return `${micros} µs since 1970`
  const fraction = String(micros - seconds * microsPerSecond)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return new Date(ms).toISOString().replace('.000Z', `${fraction === '' ? '' : `.${fraction}`}Z`)
}

/** `2018-02-06`. */
export function isoDate(days: number): string {
  if (days === lastDay) return 'infinity'
  if (days === -lastDay) return '-infinity'
  const ms = days * 86_400_000
  if (Math.abs(ms) > maxDateMs) return `${days} days since 1970`
  return new Date(ms).toISOString().replace(/T.*/, '')
}

/** A timestamp in the reader's own zone, as a cell's title; undefined where the calendar does not reach. */
export function localTime(micros: bigint): string | undefined {
  const ms = Number(micros / 1000n)
  if (Math.abs(ms) > maxDateMs) return undefined
  return new Date(ms).toLocaleString('en', { dateStyle: 'full', timeStyle: 'long' })
}

/** `0x00ff`. */
export function toHex(bytes: Uint8Array): string {
  let text = '0x'
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
