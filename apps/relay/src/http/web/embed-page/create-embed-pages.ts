/** `/e/…`, the page in a frame for editors that strip scripts, and `/oembed`, which tells them of it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Embed, type Hex, type Manifest, type NetworkFile } from '@enigma/protocol'
import { answerJson, answerText } from '../respond.ts'
import { embedDocument, embedHeaders } from './embed-document.ts'
import type { Loader } from './find-loader.ts'
import { discoveryUrl, oembedAnswer, readOembedRequest } from './oembed.ts'
import {
  embedLookQuery,
  embedPathOf,
  type EmbedLook,
  type EmbedTarget,
  readEmbedLook,
  readEmbedPath,
  readPageUrl,
} from './read-embed-url.ts'

export type EmbedPageParts = {
  loader: Loader | undefined
  /** The origin that people know this site by; what the request names when absent. */
  origin: string | undefined
  /** The present revision of an embed. */
  embedOf: (id: Hex) => Embed | undefined
  manifestOf: (dataset: Hex) => Pick<Manifest, 'title' | 'sample'> | undefined
}

/** What stands in the frame, or why there is none. */
type Shown = { title: string; path: string; attributes: [string, string][] }

export type EmbedPages = {
  isFor: (url: URL) => boolean
  answer: (asked: { url: URL; request: IncomingMessage; response: ServerResponse; network: NetworkFile }) => void
  /** For the header `link` of a page of this site: where oEmbed tells of it. */
  discovery: (pathname: string, request: IncomingMessage) => string | undefined
}

/** Creates both; nothing is read or kept of who asks. */
export function createEmbedPages(parts: EmbedPageParts): EmbedPages {
  const answerPage = (url: URL, origin: string, response: ServerResponse, network: NetworkFile): void => {
    const [target, look] = [readEmbedPath(url.pathname), readEmbedLook(url.searchParams)]
    if (target !== undefined && look === undefined) {
      answerText(response, 400, 'Expected a query string of template, params, view, theme.')
      return
    }
    const shown = target && look && show(parts, target, look)
    if (target === undefined || look === undefined || shown === undefined || parts.loader === undefined) {
      answerText(response, 404, 'This relay has nothing to show here.')
      return
    }
    const { title, path, attributes } = shown
    const discovery = discoveryUrl(origin, embedPathOf(target) + embedLookQuery(look))
    const text = embedDocument({ title, attributes, loader: parts.loader, href: `${origin}/d/${path}`, discovery })
    for (const [name, value] of Object.entries(embedHeaders(network, origin))) response.setHeader(name, value)
    response.removeHeader('cross-origin-opener-policy')
    response.writeHead(200, { 'content-type': 'text/html;charset=utf-8', 'cache-control': 'no-cache' }).end(text)
  }
  const answerOembed = ({ searchParams }: URL, origin: string, response: ServerResponse): void => {
    const asked = readOembedRequest(searchParams, origin)
    const shown = typeof asked === 'number' ? undefined : show(parts, asked.target, asked.look)
    if (typeof asked === 'number' || shown === undefined || parts.loader === undefined) {
      refuse(response, typeof asked === 'number' ? asked : 404)
      return
    }
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('cross-origin-resource-policy', 'cross-origin')
    answerJson(response, JSON.stringify(oembedAnswer(asked, { origin, title: shown.title })))
  }
  return {
    isFor: ({ pathname }) => pathname === '/oembed' || pathname.startsWith('/e/'),
    answer({ url, request, response, network }) {
      const origin = originOf(parts, request)
      if (origin === undefined) answerText(response, 400, 'Expected the name of this site in the header Host.')
      else if (url.pathname === '/oembed') answerOembed(url, origin, response)
      else answerPage(url, origin, response, network)
    },
    discovery(pathname, request) {
      const origin = originOf(parts, request)
      if (origin === undefined || parts.loader === undefined) return undefined
      if (readPageUrl(new URL(pathname, origin)) === undefined) return undefined
      return `<${discoveryUrl(origin, pathname)}>; rel="alternate"; type="application/json+oembed"`
    },
  }
}

/** An embed that everybody may see by it, or the sample that everybody may ask; undefined for all else. */
function show({ embedOf, manifestOf }: EmbedPageParts, target: EmbedTarget, look: EmbedLook): Shown | undefined {
  const shared: [string, string][] = [
    ['view', look.view],
    ...(look.theme === 'auto' ? [] : [['theme', look.theme] as [string, string]]),
  ]
  if (target.kind === 'sample') {
    const manifest = manifestOf(target.dataset)
    const [sample] = manifest?.sample ?? []
    if (manifest === undefined || sample === undefined || look.template !== undefined || look.params !== undefined)
      return undefined
    const attributes: [string, string][] = [
      ['dataset', target.path],
      ['sql', `SELECT * FROM "${sample.table}"`],
    ]
    return { title: manifest.title, path: target.path, attributes: [...attributes, ...shared] }
  }
  const embed = embedOf(target.id)
  // One that its site's server mints, or that is for some sites alone, cannot be seen in a frame of this site.
  if (embed?.grant.grant.profile !== 'open' || embed.grant.grant.origin !== '') return undefined
  const template = embed.templates.find(({ name }) => name === (look.template ?? embed.templates[0]?.name))
  if (template === undefined) return undefined
  const attributes: [string, string][] = [
    ['dataset', embed.dataset],
    ['grant', target.id],
    ['template', template.name],
    ...(look.params === undefined ? [] : [['params', look.params] as [string, string]]),
  ]
  const [, name = ''] = embed.dataset.split('/')
  const title = embed.templates.length === 1 ? name : `${name}: ${template.name}`
  return { title, path: embed.dataset, attributes: [...attributes, ...shared] }
}

/** As the operator named it, else as the asker does: then it is told to that asker alone. */
function originOf({ origin }: EmbedPageParts, { headers }: IncomingMessage): string | undefined {
  if (origin !== undefined) return origin
  const host = headers.host ?? ''
  return /^[a-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9a-f:.]{2,45}\](:\d{1,5})?$/i.test(host) ? `http://${host}` : undefined
}

function refuse(response: ServerResponse, status: 400 | 404 | 501): void {
  const texts = {
    400: 'Expected ?url=<a page of this site>, and maxwidth and maxheight in whole pixels.',
    404: 'This relay has nothing to show for this address.',
    501: 'This relay answers format=json only.',
  }
  answerText(response, status, texts[status])
}
