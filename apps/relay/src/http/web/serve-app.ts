/** The files of the built web app; one page stands in for every dataset's. */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { MarketplaceError } from '@enigma/protocol'
import sirv from 'sirv'
import { widgetFrame } from './security-headers.ts'

/** Files whose names change with their contents: hashed ones, and a version of the widget. */
const immutable = /^\/(?:_app\/immutable|widget\/[^/]+)\//
/** Pages that are not known when the app is built, and the file that is served for them. */
const datasetPage = /^\/d\/([^/]+\/[^/]+)\/?$/
const datasetFile = '/d/_/_.html'

/** Of characters: longer than any dataset's, and short enough for a header. */
const longestPath = 100

export type AppFiles = (request: IncomingMessage, response: ServerResponse) => void

/** Opens the folder; throws `setting-invalid` when it holds no built app. */
export async function openAppFiles(
  directory: string,
  /** More for the header `link` of a dataset's page. */
  linkOf: (pathname: string, request: IncomingMessage) => string | undefined,
): Promise<AppFiles> {
  const fallback = await readFallback(directory)
  const serveUnknown: AppFiles = (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const [, path] = datasetPage.exec(pathname) ?? []
    if (path !== undefined && request.url !== datasetFile) {
      nameFirst(response, path)
      const link = linkOf(pathname, request)
      if (link !== undefined) response.appendHeader('link', link)
      request.url = datasetFile
      serve(request, response)
    } else if (/\.\w+$/.test(pathname)) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.')
    } else {
      // The app shows its own page for it; the status is for those who do not run it.
      const headers = { 'content-type': 'text/html;charset=utf-8', 'cache-control': 'no-cache' }
      response.writeHead(404, headers).end(request.method === 'HEAD' ? undefined : fallback)
    }
  }
  const serve = sirv(directory, {
    brotli: true,
    gzip: true,
    etag: true,
    onNoMatch: serveUnknown,
    setHeaders: (response, path) => {
      // The frame's policy comes with it and changes with the network.
      const isForEver = immutable.test(path) && !widgetFrame.test(path)
      response.setHeader('cache-control', isForEver ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const path = pathname === '/console' ? searchParams.get('dataset') : null
    if (path !== null) nameFirst(response, path)
    serve(request, response)
  }
}

/** What a page of a dataset asks for first, to be asked for before its scripts are there. */
function nameFirst(response: ServerResponse, path: string): void {
  if (path.length > longestPath) return
  const first = `/dataset.json?path=${encodeURIComponent(path.toLowerCase())}`
  response.setHeader('link', `<${first}>; rel=preload; as=fetch; crossorigin=anonymous`)
}

/** The page that the app takes over from, whatever the path. */
async function readFallback(directory: string): Promise<Buffer> {
  try {
    return await readFile(`${directory}/200.html`)
  } catch (cause) {
    const message = 'The folder of the web app holds no built app; build it with `npm run pnpm -- build`.'
    throw new MarketplaceError({ code: 'setting-invalid', message, details: directory, cause })
  }
}
