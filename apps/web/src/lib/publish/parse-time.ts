/** Dates and times as text, exact to the microsecond, by the proleptic Gregorian calendar. */

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/
const timePattern =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?\s?(?:(Z|UTC)|([+-])(\d{2}):?(\d{2})?)?$/
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const microsPerSecond = 1_000_000n

/** Days since 1970 of `YYYY-MM-DD`; undefined for anything else and for days that there are not. */
export function parseDate(text: string): number | undefined {
  const [, year, month, day] = datePattern.exec(text)?.map(Number) ?? []
  if (year === undefined || month === undefined || day === undefined) return undefined
  if (day < 1 || day > (monthDays[month - 1] ?? 0)) return undefined
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  if (month === 2 && day === 29 && !isLeap) return undefined
  const date = new Date(0)
  return date.setUTCFullYear(year, month - 1, day) / 86_400_000
}

/** Microseconds since 1970 UTC of an ISO 8601 time with a space or a T; UTC where no zone is given. */
export function parseTimestamp(text: string): bigint | undefined {
  const [, date = '', hour = '0', minute = '0', second = '0', fraction = '', , sign, zoneHour = '0', zoneMinute = '0'] =
    timePattern.exec(text) ?? []
  const days = parseDate(date)
  if (days === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (Number(zoneHour) > 15 || Number(zoneMinute) > 59) return undefined
  const zoneSeconds = (Number(zoneHour) * 3600 + Number(zoneMinute) * 60) * (sign === '-' ? -1 : 1)
  const seconds = days * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second) - zoneSeconds
  return BigInt(seconds) * microsPerSecond + BigInt(fraction.padEnd(6, '0'))
}
