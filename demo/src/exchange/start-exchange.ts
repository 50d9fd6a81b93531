/**
 * The demo's exchange: an HTTP service on loopback in the shape of Coinbase's candle API that replays real daily prices
 * as one-minute candles. `GET /products`, `GET /products/<symbol>/candles?start&end&granularity=60`.
 */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { candlesBetween, granularitySeconds, maxCandles } from './candles.ts'
import type { PriceHistory } from './price-history.ts'

export type Exchange = { url: string; stop: () => Promise<void> }

type Reply = { status: number; body: unknown }

/** Starts the exchange on a free port. */
export async function startExchange({
  histories,
  nowMs = () => Date.now(),
  port = 0,
}: {
  histories: readonly PriceHistory[]
  nowMs?: () => number
  port?: number
}): Promise<Exchange> {
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '', 'http://exchange.demo')
    const isGet = request.method === 'GET'
    send(response, url === null || !isGet ? notFound() : answer({ url, histories, nowSeconds: nowMs() / 1000 }))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function answer({
  url,
  histories,
  nowSeconds,
}: {
  url: URL
  histories: readonly PriceHistory[]
  nowSeconds: number
}): Reply {
  if (url.pathname === '/products') {
    return { status: 200, body: histories.map(({ product, name }) => ({ id: product, display_name: name })) }
  }
  const [, symbol] = /^\/products\/([A-Z]+)\/candles$/.exec(url.pathname) ?? []
  const history = histories.find(({ product }) => product === symbol)
  return history === undefined ? notFound() : answerCandles({ history, wish: url.searchParams, nowSeconds })
}

function answerCandles({
  history,
  wish,
  nowSeconds,
}: {
  history: PriceHistory
  wish: URLSearchParams
  nowSeconds: number
}): Reply {
  if (wish.get('granularity') !== String(granularitySeconds)) return badRequest('Unsupported granularity')
  const end = timeOf(wish.get('end')) ?? nowSeconds
  const start = timeOf(wish.get('start')) ?? end - (maxCandles - 1) * granularitySeconds
  if (Number.isNaN(start) || Number.isNaN(end) || start > end) return badRequest('Invalid start or end')
  if ((end - start) / granularitySeconds > maxCandles) {
    return badRequest(`Count of aggregations requested exceeds ${maxCandles}`)
  }
  return { status: 200, body: candlesBetween({ history, startSeconds: start, endSeconds: end, nowSeconds }) }
}

/** Seconds of an ISO time or of digits; undefined when absent, NaN when unreadable. */
function timeOf(text: string | null): number | undefined {
  if (text === null) return undefined
  return /^\d{1,12}$/.test(text) ? Number(text) : Date.parse(text) / 1000
}

function notFound(): Reply {
  return { status: 404, body: { message: 'NotFound' } }
}

function badRequest(message: string): Reply {
  return { status: 400, body: { message } }
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
