/** Counts and sizes for people. */
import { once } from './once.ts'

const counts = once(() => new Intl.NumberFormat('en'))
const compact = once(() => new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }))

/** `3,000,000`. */
export function formatCount(value: number | bigint): string {
  const isShort = value >= 0 && value < 1000 && (typeof value === 'bigint' || Number.isInteger(value))
  return isShort ? String(value) : counts().format(value)
}

/** `3M`. */
export function formatCompact(value: number | bigint): string {
  return compact().format(value)
}

/** `1 row`, `3 rows`. */
export function formatPlural(value: number | bigint, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${Number(value) === 1 ? one : many}`
}

/** `4.2 MB`; decimal units. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(names.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${names[power] ?? ''}`
}
