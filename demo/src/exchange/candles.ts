/** Which candle stands at which minute: minute after minute the next trading day, from the last again to the first. */
import type { PriceHistory } from './price-history.ts'

/** `[time, low, high, open, close, volume]`, the time in seconds since 1970: the order that Coinbase's exchange uses. */
export type Candle = [time: number, low: number, high: number, open: number, close: number, volume: number]

/** Seconds of a candle. */
export const granularitySeconds = 60
/** Candles of one answer at most. */
export const maxCandles = 300

/** The candle of a minute; the same minute gives the same candle, whenever it is asked for. */
function candleAt({ days }: PriceHistory, timeSeconds: number): Candle {
  const minute = Math.floor(timeSeconds / granularitySeconds)
  const day = days[minute % days.length]
  if (day === undefined) throw new RangeError(`no trading day for the minute ${minute}`)
  return [minute * granularitySeconds, day.low, day.high, day.open, day.close, day.volume]
}

/** Candles that start from `startSeconds` to `endSeconds` and are over at `nowSeconds`, newest first. */
export function candlesBetween({
  history,
  startSeconds,
  endSeconds,
  nowSeconds,
}: {
  history: PriceHistory
  startSeconds: number
  endSeconds: number
  nowSeconds: number
}): Candle[] {
  const first = Math.ceil(startSeconds / granularitySeconds)
  const last = Math.min(Math.floor(endSeconds / granularitySeconds), Math.floor(nowSeconds / granularitySeconds) - 1)
  const count = Math.max(0, Math.min(last - first + 1, maxCandles))
  return Array.from({ length: count }, (_, at) => candleAt(history, (last - at) * granularitySeconds))
}
