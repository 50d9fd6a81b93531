/** The web app, served by any relay: static files, the network file, and the catalogue's first page. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CataloguePage } from '@enigma/catalogue'
import { createRateLimiter, type PageRequest } from '@enigma/network'
import { MarketplaceError, parseNetworkFile } from '@enigma/protocol'
import sirv from 'sirv'
import { pageToJson, parsePageQuery } from './catalogue-json.ts'
import { securityHeaders } from './security-headers.ts'

/** Catalogue pages that one address may ask for in a second, and how many it may save up. */
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
  nowMs: () => number
  onError: (error: unknown) => void
}

/** Starts the server; throws `setting-invalid` when the directory holds no built app. */
export async function startWebServer(parameters: StartWebServerParameters): Promise<WebServer> {
  const { directory, host, port, networkPath } = parameters
  await requireApp(directory)
  const rate = createRateLimiter({ perSecond: pagesPerSecond, burst: pagesBurst, nowMs: parameters.nowMs })
  const serveStatic = sirv(directory, {
    brotli: true,
    gzip: true,
    etag: true,
    single: '200.html',
    setHeaders: (response, path) => {
      const isImmutable = path.startsWith('/_app/immutable/')
      response.setHeader('cache-control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readFile(networkPath, 'utf8')
    for (const [name, value] of Object.entries(securityHeaders(parseNetworkFile(text)))) response.setHeader(name, value)
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (request.method !== 'GET' && request.method !== 'HEAD') end(response, 405, 'GET only')
    else if (url.pathname === '/enigma-network.json') json(response, text)
    else if (url.pathname === '/catalogue.json') answerPage(request, response, url.searchParams)
    else serveStatic(request, response)
  }
  const answerPage = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void => {
    const pageRequest = parsePageQuery(query)
    if (!rate.take(request.socket.remoteAddress ?? '')) end(response, 429, 'Too many pages; try again in a second.')
    else if (pageRequest === undefined)
      end(response, 400, 'Expected ?text=&tag=&curator=&hasSample=&isCurated=&minRate=&maxRate=&sort=&offset=&limit=.')
    else json(response, pageToJson(parameters.page(pageRequest)))
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

async function requireApp(directory: string): Promise<void> {
  try {
    await readFile(`${directory}/200.html`)
  } catch (cause) {
    const message = 'The folder of the web app holds no built app; build it with `npm run pnpm -- build`.'
    throw new MarketplaceError({ code: 'setting-invalid', message, details: directory, cause })
  }
}

function json(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache' }).end(body)
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
}
