/** The web app, served by any relay: static files, the network file, and what the pages first paint from. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CataloguePage } from '@enigma/catalogue'
import { createRateLimiter, type PageRequest } from '@enigma/network'
import { type Embed, type Hex, type Manifest, parseNetworkFile } from '@enigma/protocol'
import { answerJson, answerText } from './respond.ts'
import { catalogueToJson, parsePageQuery } from './catalogue-json.ts'
import { parseDatasetQuery } from './dataset-json.ts'
import { createEmbedPages, type EmbedPages } from './embed-page/create-embed-pages.ts'
import { findLoader } from './embed-page/find-loader.ts'
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
  /** The origin that people know the site by, such as `https://relay.example`; what each request names when absent. */
  origin?: string | undefined
  /** The network file; read at each request, because its relays change while a network is set up. */
  networkPath: string
  page: (request: PageRequest) => CataloguePage
  /** What this relay knows of a dataset; undefined when it does not know it. */
  describe: (dataset: Hex) => { manifest: Pick<Manifest, 'title' | 'sample'> } | undefined
  /** The present revision of an embed, as this relay keeps it. */
  embedOf: (id: Hex) => Embed | undefined
  nowMs: () => number
  onError: (error: unknown) => void
}

/** Starts the server; throws `setting-invalid` when the directory holds no built app. */
export async function startWebServer(parameters: StartWebServerParameters): Promise<WebServer> {
  const { directory, host, port, networkPath } = parameters
  const embeds = createEmbedPages({
    ...{ loader: await findLoader(directory), origin: parameters.origin, embedOf: parameters.embedOf },
    manifestOf: (dataset) => parameters.describe(dataset)?.manifest,
  })
  const serveFile = await openAppFiles(directory, embeds.discovery)
  const answerFirstPaint = createFirstPaint(parameters, embeds)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readFile(networkPath, 'utf8')
    const url = new URL(request.url ?? '/', 'http://localhost')
    const network = parseNetworkFile(text)
    const headers = { ...securityHeaders(network, url.pathname), ...crossOriginHeaders(url.pathname) }
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (request.method !== 'GET' && request.method !== 'HEAD') answerText(response, 405, 'GET only')
    else if (url.pathname === '/enigma-network.json') answerJson(response, text)
    else if (!answerFirstPaint({ url, request, response, network })) serveFile(request, response)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      parameters.onError(error)
      if (response.headersSent) response.destroy()
      else answerText(response, 500, 'The relay could not answer.')
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

type Asked = Parameters<EmbedPages['answer']>[0]

/** Answers `/catalogue.json`, `/dataset.json`, `/oembed` and what lies under `/e/` within the rate of the asker's address; false for any other path. */
function createFirstPaint(
  { page, describe, nowMs }: StartWebServerParameters,
  embeds: EmbedPages,
): (asked: Asked) => boolean {
  const rate = createRateLimiter({ perSecond: pagesPerSecond, burst: pagesBurst, nowMs })
  const answerPage = (query: URLSearchParams, response: ServerResponse): void => {
    const pageRequest = parsePageQuery(query)
    const names = 'text, tag, curator, hasSample, isCurated, minRate, maxRate, sort, offset, limit'
    if (pageRequest === undefined) answerText(response, 400, `Expected a query string of ${names}.`)
    else answerJson(response, catalogueToJson(page(pageRequest)))
  }
  const answerDataset = (query: URLSearchParams, response: ServerResponse): void => {
    const dataset = parseDatasetQuery(query)
    const described = dataset === undefined ? undefined : describe(dataset)
    if (dataset === undefined) answerText(response, 400, 'Expected ?path=<curator address>/<name>.')
    else if (described === undefined) answerText(response, 404, 'This relay knows no such dataset.')
    else answerJson(response, catalogueToJson(described))
  }
  const answers = new Map([
    ['/catalogue.json', answerPage],
    ['/dataset.json', answerDataset],
  ])
  return (asked) => {
    const { url, request, response } = asked
    const answer = answers.get(url.pathname)
    if (answer === undefined && !embeds.isFor(url)) return false
    if (!rate.take(request.socket.remoteAddress ?? '')) {
      answerText(response, 429, 'Too many requests; try again in a second.')
    } else if (answer === undefined) embeds.answer(asked)
    else answer(url.searchParams, response)
    return true
  }
}
