/** Values as a reader of some language reads them. What is untrusted stays on one line, with its hidden marks in sight. */
import { cellText, decimalText, exactText, isNumericType, isTimeType, oneLine, scaleOf } from '@enigma/result/cell'
import type { CellValue } from '@enigma/result/result-set'
import type { WriteTime } from '@enigma/result/chart-ticks'

const maxTextLength = 300
const maxDoubleDigits = 6
/** What a Date can hold, in milliseconds. */
const maxDateMs = 8.64e15
const dayMs = 86_400_000

export type LocalText = {
  readonly locale: string
  readonly direction: 'ltr' | 'rtl'
  /** A value for a cell. */
  value: (type: string, value: CellValue) => string
  number: (value: number) => string
  /** A share such as 0.05 with its sign. */
  change: (share: number) => string
  /** A moment in Unix milliseconds (UTC), for a mark of an axis. */
  mark: WriteTime
  /** `3 minutes ago`. */
  ago: (ms: number) => string
}

/** Creates the texts of a language; one that the browser does not know gives English. */
export function createLocalText(wish: string): LocalText {
  const locale = knownLocale(wish)
  const number = formatters((options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options))
  const time = formatters(
    (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options }),
  )
  const double = (value: number): string => {
    if (!Number.isFinite(value)) return String(value)
    const isPlain = value === 0 || (Math.abs(value) >= 1e-6 && Math.abs(value) < 1e15)
    const options = isPlain
      ? { maximumFractionDigits: maxDoubleDigits }
      : ({ notation: 'scientific', maximumSignificantDigits: maxDoubleDigits } as const)
    return number(options).format(value)
  }
  const moment = (type: string, value: number | bigint): string => {
    const ms = type === 'date' ? Number(value) * dayMs : Number(value) / 1000
    if (Math.abs(ms) > maxDateMs) return exactText(type, value)
    return time(type === 'date' ? { dateStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'medium' }).format(ms)
  }
  return {
    ...{ locale, direction: directionOf(locale), number: double },
    value(type, value) {
      if (typeof value === 'string') return oneLine(value, maxTextLength)
      if (typeof value !== 'number' && typeof value !== 'bigint') return cellText(type, value)
      if (isTimeType(type)) return moment(type, value)
      if (!isNumericType(type)) return cellText(type, value)
      if (typeof value === 'number') return double(value)
      const digits = scaleOf(type)
      // As text a decimal keeps all its digits.
      const exact = decimalText(value, digits) as Intl.StringNumericLiteral
      return number({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(exact)
    },
    change: (share) => number({ style: 'percent', signDisplay: 'exceptZero', maximumFractionDigits: 2 }).format(share),
    mark: (value, stepMs) => (Math.abs(value) > maxDateMs ? '' : time(markOptions(value, stepMs)).format(value)),
    ago: (ms) => relative(locale, ms),
  }
}

/** A formatter of each kind is made when it is first used. */
function formatters<Options extends object, Formatter>(create: (options: Options) => Formatter) {
  const made = new Map<string, Formatter>()
  return (options: Options): Formatter => {
    const key = JSON.stringify(options)
    const known = made.get(key)
    if (known !== undefined) return known
    const formatter = create(options)
    made.set(key, formatter)
    return formatter
  }
}

function knownLocale(wish: string): string {
  try {
    return Intl.NumberFormat.supportedLocalesOf(wish)[0] ?? 'en'
  } catch {
    // No language tag at all.
    return 'en'
  }
}

const rightToLeft = /^(ar|arc|ckb|dv|fa|he|iw|ku-arab|nqo|pa-arab|ps|sd|syr|ug|ur|yi)\b/i

function directionOf(locale: string): 'ltr' | 'rtl' {
  return rightToLeft.test(locale) ? 'rtl' : 'ltr'
}

const minuteMs = 60_000

/** The part of a moment that tells two marks apart. */
function markOptions(value: number, stepMs: number): Intl.DateTimeFormatOptions {
  if (stepMs >= 360 * dayMs) return { year: 'numeric' }
  if (stepMs >= 28 * dayMs) return { year: 'numeric', month: 'short' }
  if (stepMs >= dayMs || (stepMs >= minuteMs && value % dayMs === 0)) return { month: 'short', day: 'numeric' }
  const clock = { hour: '2-digit', minute: '2-digit' } as const
  if (stepMs >= minuteMs) return clock
  return stepMs >= 1000 ? { ...clock, second: '2-digit' } : { ...clock, second: '2-digit', fractionalSecondDigits: 3 }
}

const units = [
  ['day', dayMs],
  ['hour', 3_600_000],
  ['minute', minuteMs],
  ['second', 1000],
] as const

function relative(locale: string, ms: number): string {
  const [unit, size] = units.find(([, each]) => ms >= each) ?? ['second', 1000]
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-Math.floor(ms / size), unit)
}
