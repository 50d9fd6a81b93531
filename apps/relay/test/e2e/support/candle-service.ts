/** A source of ever more candles on loopback for curation scripts: one every half second, told by their times. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const tickMs = 500

/** The script that curates them; it asks again for what it may have seen, and the table's key keeps that out. */
export const candleScript = `
export default async function* curate({ since, fetch }) {
  const from = since === undefined ? 0 : since.getTime() - 10000
  const response = await fetch('https://candles.test/candles?from=' + from)
  for (const [tick, price] of await response.json()) yield { tick, price }
}
`

export type CandleService = {
  url: string
  /** How many candles there are now: ticks 0 and up. */
  count: () => number
  /** The next script that asks is never answered; `asked` resolves when it does. */
  holdNext: () => { asked: Promise<void> }
  stop: () => Promise<void>
}

/** Starts the service on a free port. */
export async function startCandleService(): Promise<CandleService> {
  const startMs = Date.now()
  const count = () => Math.floor((Date.now() - startMs) / tickMs) + 1
  let hold: PromiseWithResolvers<void> | undefined
  const server = createServer((request, response) => {
    const from = Number(new URL(request.url ?? '', 'http://candles.test').searchParams.get('from'))
    if (hold !== undefined) {
      hold.resolve()
      hold = undefined
      return
    }
    const candles = Array.from({ length: count() }, (_, tick) => [tick, 3 * tick + 1])
    response.end(JSON.stringify(candles.filter(([tick = 0]) => startMs + tick * tickMs >= from)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count,
    holdNext() {
      hold = Promise.withResolvers()
      return { asked: hold.promise }
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
