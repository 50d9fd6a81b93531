/** What a person typed into a parameter's field, as the value that the query brings. */
import type { ParameterType } from './find-parameters.ts'

/** See `Parameter` of @enigma/protocol. */
export type ParameterValue =
  | { type: 'null' }
  | { type: 'boolean'; value: boolean }
  | { type: 'double'; value: number }
  | { type: 'bigint' | 'text' | 'date' | 'timestamp'; value: string }

export type ParsedParameter = { value: ParameterValue } | { error: string }

const maxTextLength = 8192
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

/** Parses; the error says what is expected. */
export function parseParameter(type: ParameterType, text: string): ParsedParameter {
  const trimmed = text.trim()
  switch (type) {
    case 'null':
      return { value: { type } }
    case 'boolean':
      return trimmed === 'true' || trimmed === 'false'
        ? { value: { type, value: trimmed === 'true' } }
        : { error: 'Choose true or false.' }
    case 'double':
      return trimmed !== '' && Number.isFinite(Number(trimmed))
        ? { value: { type, value: Number(trimmed) } }
        : { error: 'Enter a number, such as 12.5.' }
    case 'bigint':
      return parseWhole(trimmed)
    case 'date':
      return parseDate(trimmed)
    case 'timestamp':
      return parseTimestamp(trimmed)
    default:
      return text.length <= maxTextLength && !/(?![\t\n])\p{Cc}/u.test(text)
        ? { value: { type, value: text } }
        : { error: `Enter at most ${maxTextLength} characters without control characters.` }
  }
}

function parseWhole(text: string): ParsedParameter {
  const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
  return value !== undefined && value >= int64.min && value <= int64.max
    ? { value: { type: 'bigint', value: value.toString() } }
    : { error: 'Enter a whole number of at most 64 bits.' }
}

function parseDate(text: string): ParsedParameter {
  return /^\d{4}-\d\d-\d\d$/.test(text) && isMoment(text)
    ? { value: { type: 'date', value: text } }
    : { error: 'Enter a date, such as 2018-02-06.' }
}

/** A time without a zone is UTC, like every time that the console shows. */
function parseTimestamp(text: string): ParsedParameter {
  const [, day, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? []
  const iso = `${day ?? ''}T${time.length === 5 ? `${time}:00` : time}${zone.toUpperCase()}`
  return day !== undefined && isMoment(day) && isMoment(iso)
    ? { value: { type: 'timestamp', value: new Date(iso).toISOString() } }
    : { error: 'Enter a time, such as 2018-02-06 20:00 (UTC).' }
}

/** Whether the text names a day that exists: Date takes 31 February for March. */
function isMoment(text: string): boolean {
  const time = Date.parse(text)
  if (Number.isNaN(time)) return false
  return text.length > 10 || new Date(time).toISOString().startsWith(text)
}
