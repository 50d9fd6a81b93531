/** The web app, served by any relay: static files, the network file, and what the pages first paint from. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CataloguePage } from '@enigma/catalogue'
import { createRateLimiter, type PageRequest } from '@enigma/network'
import { type Hex, parseNetworkFile } from '@enigma/protocol'
import { catalogueToJson, parsePageQuery } from './catalogue-json.ts'
import { parseDatasetQuery } from './dataset-json.ts'
import { crossOriginHeaders, securityHeaders } from './security-headers.ts'
import { openAppFiles } from './serve-app.ts'

/** Catalogue pages and datasets that one address may ask for in a second, and how many it may save up. */
const pagesPerSecond = 10
const pagesBurst = 50

export type WebServer = { url: string; stop: () => Promise<void> }

export type StartWebServerParameters = {
  /** The built app. */
  directory: string
  host: string
  /** 0 takes a free port. */
  port: number
  /** The network file; read at each request, because its relays change while a network is set up. */
  networkPath: string
  page: (request: PageRequest) => CataloguePage
  /** What this relay knows of a dataset; undefined when it does not know it. */
  describe: (dataset: Hex) => object | undefined
  nowMs: () => number
  onError: (error: unknown) => void
}

/** Starts the server; throws `setting-invalid` when the directory holds no built app. */
export async function startWebServer(parameters: StartWebServerParameters): Promise<WebServer> {
  const { directory, host, port, networkPath } = parameters
  const serveFile = await openAppFiles(directory)
  const answerFirstPaint = createFirstPaint(parameters)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readFile(networkPath, 'utf8')
    const url = new URL(request.url ?? '/', 'http://localhost')
    const headers = { ...securityHeaders(parseNetworkFile(text), url.pathname), ...crossOriginHeaders(url.pathname) }
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (request.method !== 'GET' && request.method !== 'HEAD') end(response, 405, 'GET only')
    else if (url.pathname === '/enigma-network.json') json(response, text)
    else if (!answerFirstPaint(url, request, response)) serveFile(request, response)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      parameters.onError(error)
      if (response.headersSent) response.destroy()
      else end(response, 500, 'The relay could not answer.')
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  const { port: listening } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Answers `/catalogue.json` and `/dataset.json` within the rate of the asker's address; false for any other path. */
function createFirstPaint({
  page,
  describe,
  nowMs,
}: StartWebServerParameters): (url: URL, request: IncomingMessage, response: ServerResponse) => boolean {
  const rate = createRateLimiter({ perSecond: pagesPerSecond, burst: pagesBurst, nowMs })
  const answerPage = (query: URLSearchParams, response: ServerResponse): void => {
    const pageRequest = parsePageQuery(query)
    const names = 'text, tag, curator, hasSample, isCurated, minRate, maxRate, sort, offset, limit'
    if (pageRequest === undefined) end(response, 400, `Expected a query string of ${names}.`)
    else json(response, catalogueToJson(page(pageRequest)))
  }
  const answerDataset = (query: URLSearchParams, response: ServerResponse): void => {
    const dataset = parseDatasetQuery(query)
    const described = dataset === undefined ? undefined : describe(dataset)
    if (dataset === undefined) end(response, 400, 'Expected ?path=<curator address>/<name>.')
    else if (described === undefined) end(response, 404, 'This relay knows no such dataset.')
    else json(response, catalogueToJson(described))
  }
  return ({ pathname, searchParams }, request, response) => {
    const answers = { '/catalogue.json': answerPage, '/dataset.json': answerDataset }
    if (pathname !== '/catalogue.json' && pathname !== '/dataset.json') return false
    if (rate.take(request.socket.remoteAddress ?? '')) answers[pathname](searchParams, response)
    else end(response, 429, 'Too many requests; try again in a second.')
    return true
  }
}

function json(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache' }).end(body)
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
}
