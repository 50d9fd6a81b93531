/** A site of somebody else: pages of another origin than the relay's, with nothing but the tag that was pasted into them. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const packageFile = join(import.meta.dirname, '../../../../shared/widget/package.json')
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }

export type SitePage = {
  body: string
  /** Its Content-Security-Policy; none when absent. */
  policy?: string
  /** What stands in its head, such as the tag that brings the loader; that is there when absent. */
  head?: string
}

export type Site = {
  url: string
  /** Of the relay. */
  loaderUrl: string
  /** Puts a page there and returns its address. */
  add: (page: SitePage) => string
  /** The loader's tag with its hash, from the relay or from a mirror of it. */
  tag: (from?: string) => string
  /** Hands a path on to a server of its own, as a reverse proxy does; to none where undefined. */
  forward: (path: string, to: string | undefined) => void
  /** Paths that were asked of it. */
  readonly asked: readonly string[]
  /** Changes the bytes of a file of the widget that it mirrors; none when undefined. */
  tamper: (change: ((path: string, text: string) => string) | undefined) => void
  stop: () => Promise<void>
}

/** Starts the site beside the relay at `relayUrl`. Under `/widget/` it mirrors the relay's files, as a hostile host could. */
export async function startSite(relayUrl: string): Promise<Site> {
  const [pages, forwards] = [new Map<string, SitePage>(), new Map<string, string>()]
  const asked: string[] = []
  let change: ((path: string, text: string) => string) | undefined
  const integrity = await integrityOf(relayUrl)
  const tag = (from = relayUrl) =>
    `<script type="module" src="${from}/widget/${version}/enigma-query.js" integrity="${integrity}" crossorigin="anonymous"></script>`

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    asked.push(pathname)
    const to = forwards.get(pathname)
    if (to !== undefined) return handOn(request, response, to)
    const page = pages.get(pathname)
    if (page !== undefined) {
      const policy = page.policy === undefined ? {} : { 'content-security-policy': page.policy }
      response.writeHead(200, { 'content-type': 'text/html;charset=utf-8', ...policy })
      response.end(documentOf(page, tag()))
      return
    }
    if (!/^\/(widget\/|enigma-network)/.test(pathname)) {
      response.writeHead(404).end()
      return
    }
    const mirrored = await fetch(`${relayUrl}${pathname}`)
    const text = await mirrored.text()
    response.writeHead(mirrored.status, {
      'content-type': mirrored.headers.get('content-type') ?? 'text/plain',
      'access-control-allow-origin': '*',
      'cache-control': 'no-store',
    })
    response.end(change?.(pathname, text) ?? text)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ url, tag, asked, loaderUrl: `${relayUrl}/widget/${version}/enigma-query.js` },
    add(page) {
      const path = `/page-${pages.size}`
      pages.set(path, page)
      return url + path
    },
    forward(path, to) {
      if (to === undefined) forwards.delete(path)
      else forwards.set(path, to)
    },
    tamper(next) {
      change = next
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Asks another server and gives its answer back. */
async function handOn(request: IncomingMessage, response: ServerResponse, to: string): Promise<void> {
  const [method, body] = [request.method ?? 'GET', Buffer.concat(await request.toArray())]
  const answered = await fetch(to, { method, ...(method === 'POST' ? { body } : {}) })
  response.writeHead(answered.status, { 'content-type': answered.headers.get('content-type') ?? 'text/plain' })
  response.end(await answered.text())
}

/** What a person copies out of the builder: the hash that the relay serves beside the loader. */
async function integrityOf(relayUrl: string): Promise<string> {
  const response = await fetch(`${relayUrl}/widget/${version}/integrity.json`)
  const hashes = (await response.json()) as Record<string, string>
  return hashes['enigma-query.js'] ?? ''
}

function documentOf({ head, body }: SitePage, tag: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title>${head ?? tag}</head>
<body><main><h1>A site</h1>${body}</main></body></html>`
}
