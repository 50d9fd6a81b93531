import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeEarthquakes } from './earthquakes.ts'
import { readPriceHistories } from './price-history.ts'
import { type Exchange, startExchange } from './start-exchange.ts'

const nowMs = Date.UTC(2026, 0, 5, 12, 0, 30)
let exchange: Exchange

beforeAll(async () => {
  exchange = await startExchange({ histories: await readPriceHistories(), nowMs: () => nowMs })
})
afterAll(() => exchange.stop())

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(exchange.url + path)
  return { status: response.status, body: await response.json() }
}

describe('startExchange', () => {
  it('names its products', async () => {
    expect((await get('/products')).body).toMatchObject([{ id: 'AAPL' }, { id: 'SPX' }])
  })

  it('gives whole candles only, newest first, the same ones each time, from real trading days', async () => {
    const path = '/products/AAPL/candles?granularity=60&start=2026-01-05T11:50:00Z&end=2026-01-05T12:10:00Z'
    const { body } = await get(path)
    const candles = body as number[][]
    expect(candles.map(([time]) => time)).toEqual(
      Array.from({ length: 10 }, (_, at) => Date.UTC(2026, 0, 5, 11, 59 - at) / 1000),
    )
    const { days } = (await readPriceHistories())[0]!
    const known = new Set(days.map(({ low, high, open, close, volume }) => [low, high, open, close, volume].join()))
    expect(candles.every(([, ...values]) => known.has(values.join()))).toBe(true)
    expect((await get(path)).body).toEqual(body)
  })

  it('says what is wrong with a request', async () => {
    expect(await get('/products/NONE/candles?granularity=60')).toMatchObject({ status: 404 })
    expect(await get('/products/AAPL/candles?granularity=61')).toMatchObject({ status: 400 })
    expect(await get('/products/AAPL/candles?granularity=60&start=x')).toMatchObject({ status: 400 })
    expect(await get('/products/AAPL/candles?granularity=60&start=1&end=1000000')).toMatchObject({ status: 400 })
  })
})

describe('writeEarthquakes', () => {
  it('writes one line per earthquake', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'enigma-demo-'))
    const path = join(directory, 'earthquakes.ndjson')
    expect(await writeEarthquakes({ path })).toBe(1707)
    const first = (await readFile(path, 'utf8')).split('\n')[0] ?? ''
    expect(JSON.parse(first)).toMatchObject({
      id: 'ci37868143',
      magnitude: 2,
      time: '2018-02-07T01:26:13.840',
      tsunami: false,
    })
    await rm(directory, { recursive: true })
  })
})
