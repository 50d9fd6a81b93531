/** Times for people; every value is Unix seconds. The absolute time always stands beside the relative one, as a title. */
import { once } from './once.ts'

const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

const relative = once(() => new Intl.RelativeTimeFormat('en', { numeric: 'auto' }))
const dateTime = once(() => new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }))
const date = once(() => new Intl.DateTimeFormat('en', { dateStyle: 'medium' }))

/** `3 minutes ago`, `in 2 days`. */
export function formatRelative(seconds: number, nowSeconds: number): string {
  const distance = seconds - nowSeconds
  const [unit, size] = units.find(([, unitSeconds]) => Math.abs(distance) >= unitSeconds) ?? ['second', 1]
  return relative().format(Math.trunc(distance / size), unit)
}

/** `26 Nov 2026, 15:10` in the reader's time zone. */
export function formatDateTime(seconds: number): string {
  return dateTime().format(seconds * 1000)
}

/** `26 Nov 2026`. */
export function formatDate(seconds: number): string {
  return date().format(seconds * 1000)
}

/** `1.2 s`, `340 ms`. */
export function formatDuration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
