/** Cells of a file as values of a column's type, exactly or not at all. */
import { type ColumnType, type ColumnValue, decimalOf } from './column-type.ts'
import { parseDate, parseTimestamp } from './parse-time.ts'
import { type Cell, NumberText } from './source.ts'

/** Whole numbers as people and programs write them; none begins with a needless zero, as codes do. */
export const integerPattern = /^-?(?:0|[1-9]\d*)$/
export const fractionPattern = /^-?(?:0|[1-9]\d*)\.\d+$/
const doublePattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const specialDoubles: Record<string, number> = { nan: NaN, inf: Infinity, infinity: Infinity, '-inf': -Infinity }

/** The value; undefined where the cell holds none of the type. */
export function convertCell(type: ColumnType, cell: Cell): ColumnValue | undefined {
  if (cell === null) return null
  if (typeof cell === 'string') return fromText(type, cell)
  if (cell instanceof NumberText) {
    return type === 'boolean' || type === 'date' || type === 'timestamp' ? undefined : fromText(type, cell.text)
  }
  if (typeof cell === 'boolean') return type === 'boolean' ? cell : type === 'text' ? String(cell) : undefined
  return cell
}

function fromText(type: ColumnType, text: string): ColumnValue | undefined {
  const trimmed = text.trim()
  switch (type) {
    case 'text':
      return text
    case 'boolean':
      return parseBoolean(trimmed)
    case 'integer':
      return inRange(parseInteger(trimmed), 31n, Number)
    case 'bigint':
      return inRange(parseInteger(trimmed), 63n, (value) => value)
    case 'double':
      return parseDouble(trimmed)
    case 'date':
      return parseDate(trimmed)
    case 'timestamp':
      return parseTimestamp(trimmed)
    case 'blob':
      return undefined
    default:
      return parseDecimal(type, trimmed)
  }
}

export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

function parseInteger(text: string): bigint | undefined {
  return /^[+-]?\d{1,40}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined
}

function inRange<T>(value: bigint | undefined, bits: bigint, map: (value: bigint) => T): T | undefined {
  if (value === undefined || value < -(1n << bits) || value >= 1n << bits) return undefined
  return map(value)
}

function parseDouble(text: string): number | undefined {
  const special = specialDoubles[text.toLowerCase()]
  if (special !== undefined) return special
  if (text.length > 400 || !doublePattern.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

/** Unscaled; refused where digits would be lost. */
function parseDecimal(type: ColumnType, text: string): bigint | undefined {
  const { precision, scale } = decimalOf(type) ?? { precision: 0, scale: 0 }
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d{0,60})(?:\.(\d{0,60}))?$/.exec(text) ?? []
  const kept = fraction.replace(/0+$/, '')
  if (whole === '' && fraction === '') return undefined
  if (kept.length > scale) return undefined
  const unscaled = BigInt(`${whole}${kept.padEnd(scale, '0')}`)
  if (unscaled >= 10n ** BigInt(precision)) return undefined
  return sign === '-' ? -unscaled : unscaled
}
