/**
 * Curation script of coinbase_data: one-minute candles of every product that the exchange lists. It asks again for the
 * last few minutes of the run before; the table's key (product, time) keeps a candle from being published twice.
 */
type Context = {
  /** The minute that this run is for. */
  now: Date
  /** The minute of the last good run, if there was one. */
  since: Date | undefined
  fetch: (url: string) => Promise<Response>
  log: (...values: unknown[]) => void
}
type Candle = [time: number, low: number, high: number, open: number, close: number, volume: number]

const exchange = 'https://exchange.demo'
const minuteMs = 60_000
const candlesPerRequest = 300
const firstMinutes = 24 * 60
const overlapMinutes = 5
const longestAbsenceMinutes = 30 * 24 * 60

export default async function* curate({ now, since, fetch, log }: Context) {
  const earliest = now.getTime() - longestAbsenceMinutes * minuteMs
  const wished =
    since === undefined ? now.getTime() - firstMinutes * minuteMs : since.getTime() - overlapMinutes * minuteMs
  const products = (await read(fetch, `${exchange}/products`)) as { id: string }[]
  for (const { id } of products) {
    let candles = 0
    for (let from = Math.max(earliest, wished); from < now.getTime(); from += candlesPerRequest * minuteMs) {
      const to = Math.min(from + (candlesPerRequest - 1) * minuteMs, now.getTime())
      for (const candle of await readCandles(fetch, id, from, to)) {
        if ((candle[0] + 60) * 1000 > now.getTime()) continue
        yield rowOf(id, candle)
        candles += 1
      }
    }
    log(`${id}: ${candles} candles`)
  }
}

async function readCandles(fetch: Context['fetch'], product: string, from: number, to: number): Promise<Candle[]> {
  const start = new Date(from).toISOString()
  const end = new Date(to).toISOString()
  const path = `products/${product}/candles?granularity=60&start=${start}&end=${end}`
  return (await read(fetch, `${exchange}/${path}`)) as Candle[]
}

async function read(fetch: Context['fetch'], url: string): Promise<unknown> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return response.json()
}

function rowOf(product: string, [time, low, high, open, close, volume]: Candle) {
  return { product, time: new Date(time * 1000), open, high, low, close, volume }
}
