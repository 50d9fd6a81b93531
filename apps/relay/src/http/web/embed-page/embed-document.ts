/** The page that a frame on somebody else's site shows: the widget, and nothing else. */
import { createHash } from 'node:crypto'
import type { NetworkFile } from '@enigma/protocol'
import { escapeHtml } from '@enigma/result/escape-html'

const style = 'html,body{margin:0;block-size:100%}enigma-query{--enigma-min-height:100vh}h1{margin:0;font-size:1rem}'
/** WebKit loads the widget's parts by script elements, whose addresses are the one thing that Trusted Types let through. */
const script = `globalThis.trustedTypes?.createPolicy('default',{createScriptURL:(url)=>new URL(url,location.href).href.startsWith(location.origin+'/widget/')?url:null})`
const [styleHash, scriptHash] = [style, script].map((text) => createHash('sha256').update(text).digest('base64'))

export type EmbedDocument = {
  title: string
  /** The loader as this relay serves it, and its hash. */
  loader: { path: string; integrity: string }
  /** Of the widget. */
  attributes: readonly (readonly [name: string, value: string])[]
  /** The dataset's own page, for readers without scripts. */
  href: string
  /** Where oEmbed tells of this page. */
  discovery: string
}

/** The page's text; every value stays inside of its quotes. */
export function embedDocument({ title, loader, attributes, href, discovery }: EmbedDocument): string {
  const given = attributes.map(([name, value]) => ` ${name}="${escapeHtml(value)}"`).join('')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title><style>${style}</style><script>${script}</script>
<link rel="alternate" type="application/json+oembed" title="${escapeHtml(title)}" href="${escapeHtml(discovery)}">
<script type="module" src="${escapeHtml(loader.path)}" integrity="${escapeHtml(loader.integrity)}" crossorigin="anonymous"></script>
</head><body><main aria-label="${escapeHtml(title)}"><enigma-query loading="eager"${given}>
<h1 slot="title">${escapeHtml(title)}</h1>
<p><a href="${escapeHtml(href)}" target="_blank" rel="noopener">${escapeHtml(title)}</a></p>
</enigma-query></main></body></html>
`
}

/**
 * Headers of that page and of no other: any site may frame it, so it is sandboxed into an origin of its own, away from what
 * this site keeps in a browser. `connect`: sources besides this site's own, which a sandboxed page cannot call 'self'.
 */
export function embedHeaders({ rpcUrls }: Pick<NetworkFile, 'rpcUrls'>, origin: string): Record<string, string> {
  const connect = [...new Set([origin, ...rpcUrls.map((url) => new URL(url).origin), 'ws:', 'wss:'])].join(' ')
  const policy = [
    `default-src 'none'; script-src ${origin} 'sha256-${scriptHash}'; style-src 'sha256-${styleHash}'; connect-src ${connect}`,
    `frame-ancestors *; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types default`,
    'sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox',
  ]
  return { 'content-security-policy': policy.join('; '), 'cross-origin-resource-policy': 'cross-origin' }
}
