/** oEmbed 1.0 (https://oembed.com): what an editor puts in where somebody pastes the address of a page of this relay. */
import { escapeHtml } from '@enigma/result/escape-html'
import {
  embedLookQuery,
  embedPathOf,
  type EmbedLook,
  type EmbedTarget,
  readEmbedLook,
  readPageUrl,
} from './read-embed-url.ts'

const usual = { width: 640, height: 380 }
const maxUrlLength = 4000
const cacheSeconds = 3600

export type OembedRequest = { target: EmbedTarget; look: EmbedLook; width: number; height: number }

/** Reads the query string; a number is the status to refuse it with, as the specification names them. */
export function readOembedRequest(query: URLSearchParams, origin: string): OembedRequest | 400 | 404 | 501 {
  const [url, format] = [query.get('url') ?? '', query.get('format') ?? 'json']
  const [maxWidth, maxHeight] = [wholeOf(query.get('maxwidth')), wholeOf(query.get('maxheight'))]
  const parsed = url.length > maxUrlLength ? null : URL.parse(url)
  if (parsed === null || maxWidth === undefined || maxHeight === undefined) return 400
  if (format !== 'json') return 501
  const target = parsed.origin === origin ? readPageUrl(parsed) : undefined
  // A dataset's page has its own query string, which says nothing of a frame.
  const isOwnPage = parsed.pathname.startsWith('/d/')
  const look = readEmbedLook(isOwnPage ? new URLSearchParams() : parsed.searchParams)
  if (target === undefined || look === undefined) return 404
  return { target, look, width: Math.min(usual.width, maxWidth), height: Math.min(usual.height, maxHeight) }
}

/** The answer of type `rich`. */
export function oembedAnswer(
  { target, look, width, height }: OembedRequest,
  { origin, title }: { origin: string; title: string },
): object {
  const src = `${origin}${embedPathOf(target)}${embedLookQuery(look)}`
  const attributes = [
    ['src', src],
    ['title', title],
    ['width', String(width)],
    ['height', String(height)],
    ['sandbox', 'allow-scripts allow-popups allow-popups-to-escape-sandbox'],
    ['referrerpolicy', 'no-referrer'],
    ['loading', 'lazy'],
    ['frameborder', '0'],
  ].map(([name = '', value = '']) => `${name}="${escapeHtml(value)}"`)
  return {
    ...{ version: '1.0', type: 'rich', title, provider_name: 'Enigma data marketplace', provider_url: origin },
    ...{ cache_age: cacheSeconds, html: `<iframe ${attributes.join(' ')}></iframe>`, width, height },
  }
}

/** Where oEmbed tells of a page of this relay. */
export function discoveryUrl(origin: string, page: string): string {
  return `${origin}/oembed?format=json&url=${encodeURIComponent(origin + page)}`
}

/** A number of pixels, as many as one likes where none is named; undefined for what is none. */
function wholeOf(text: string | null): number | undefined {
  if (text === null) return Infinity
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined
}
