/** Marks of an axis at round numbers or round moments (UTC). */

export type Tick = { value: number; text: string }

/** About `count` marks between two numbers, written as in `locale`. */
export function numberTicks([low, high]: readonly [number, number], count: number, locale = 'en'): Tick[] {
  const rough = (high - low) / Math.max(1, count)
  if (!(rough > 0) || !Number.isFinite(rough)) return [{ value: low, text: tickText(low, 1, locale) }]
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const ticks: Tick[] = []
  // Not -0, which is written with its sign.
  const first = Math.ceil(low / step) || 0
  for (let at = first; at * step <= high * (1 + Number.EPSILON) && ticks.length <= 4 * count; at++) {
    ticks.push({ value: at * step, text: tickText(at * step, step, locale) })
  }
  return ticks
}

function tickText(value: number, step: number, locale: string): string {
  const absolute = Math.abs(value)
  if (absolute >= 1e15) return value.toExponential(1)
  if (absolute >= 100_000) return value.toLocaleString(locale, { notation: 'compact', maximumFractionDigits: 2 })
  if (value !== 0 && absolute < 1e-6) return value.toExponential(1)
  const digits = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)))
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const steps = [
  ...[second, 5 * second, 15 * second, 30 * second, minute, 5 * minute, 15 * minute, 30 * minute],
  ...[hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day],
]
/** In months. */
const monthSteps = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 12_000]
const monthMs = 30.44 * day

/** Writes a moment in Unix milliseconds as a mark; `stepMs` lies between two marks. */
export type WriteTime = (value: number, stepMs: number) => string

/** About `count` marks between two moments in Unix milliseconds, in ISO's digits unless `write` says otherwise. */
export function timeTicks([low, high]: readonly [number, number], count: number, write: WriteTime = timeText): Tick[] {
  const rough = (high - low) / Math.max(1, count)
  if (!(rough > 0)) return [{ value: low, text: write(low, second) }]
  if (rough < second) return numberTicks([low, high], count).map(({ value }) => ({ value, text: write(value, 1) }))
  const step = steps.find((each) => each >= rough)
  const values = step === undefined ? monthTicks(low, high, rough) : evenTicks(low, high, step)
  return values.map(({ value, stepMs }) => ({ value, text: write(value, stepMs) }))
}

type TimeMark = { value: number; stepMs: number }

function evenTicks(low: number, high: number, stepMs: number): TimeMark[] {
  const ticks: TimeMark[] = []
  for (let value = Math.ceil(low / stepMs) * stepMs; value <= high; value += stepMs) ticks.push({ value, stepMs })
  return ticks
}

function monthTicks(low: number, high: number, rough: number): TimeMark[] {
  const step = monthSteps.find((months) => months * monthMs >= rough) ?? 12_000
  const start = new Date(low)
  const firstMonth = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step
  const ticks: TimeMark[] = []
  for (let month = firstMonth; ticks.length < 100; month += step) {
    const value = beginOfMonth(month)
    if (value > high || Number.isNaN(value)) break
    if (value >= low) ticks.push({ value, stepMs: step * monthMs })
  }
  return ticks
}

/** By the count of months since the year 0. */
function beginOfMonth(month: number): number {
  return new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1)
}

function timeText(value: number, step: number): string {
  const date = new Date(value)
  if (Number.isNaN(date.getTime())) return ''
  const iso = date.toISOString()
  const [whole = '', time = ''] = iso.split('T')
  if (step >= 12 * monthMs) return whole.replace(/-\d\d-\d\d$/, '')
  if (step >= monthMs) return whole.replace(/-\d\d$/, '')
  if (step >= day || (step >= hour && time.startsWith('00:00'))) return whole.replace(/^[+-]?\d{4,6}-/, '')
  if (step >= minute) return time.slice(0, 5)
  return step >= second ? time.slice(0, 8) : time.slice(0, 12)
}
