/** Real daily prices that the exchange replays, one trading day per minute. */
import { readFile } from 'node:fs/promises'
import { observableDataPath, vegaDataPath } from './package-data.ts'

/** One trading day: prices in dollars (index points for SPX), volume in shares. */
type TradingDay = { date: string; open: number; high: number; low: number; close: number; volume: number }

/** A product and its days, oldest first. */
export type PriceHistory = { product: string; name: string; days: readonly TradingDay[] }

/** Reads the daily prices of Apple (2013 to 2018) and the S&P 500 (2000 to 2020) from their npm packages. */
export async function readPriceHistories(): Promise<PriceHistory[]> {
  return Promise.all([
    readHistory({ product: 'AAPL', name: 'Apple Inc.', path: observableDataPath('aapl.csv') }),
    readHistory({ product: 'SPX', name: 'S&P 500 index', path: vegaDataPath('sp500-2000.csv') }),
  ])
}

async function readHistory({
  path,
  ...product
}: {
  product: string
  name: string
  path: string
}): Promise<PriceHistory> {
  const [header = '', ...lines] = (await readFile(path, 'utf8')).trim().split(/\r?\n/)
  const names = header.toLowerCase().split(',')
  return { ...product, days: lines.map((line) => dayOf(names, line.split(','))) }
}

function dayOf(names: readonly string[], fields: readonly string[]): TradingDay {
  const field = (name: string) => fields[names.indexOf(name)] ?? ''
  const price = (name: string) => {
    const value = Number(field(name))
    if (field(name) === '' || !Number.isFinite(value)) throw new TypeError(`no ${name} in ${fields.join(',')}`)
    return value
  }
  return {
    date: field('date'),
    open: price('open'),
    high: price('high'),
    low: price('low'),
    close: price('close'),
    volume: price('volume'),
  }
}
