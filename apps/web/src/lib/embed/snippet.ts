/** What an owner pastes into a page: the loader's tag, the element with its fallback, and what the page's policy must allow. */
import { escapeHtml } from '@enigma/result/escape-html'
import type { EmbedLook } from './draft.ts'

/** The loader that the relay serves: its version, and the hash that a page pins it by. */
export type ServedLoader = { version: string; integrity: string }

/** What a tag pins: the loader's code, and by the anchor the chain, contracts and RPC nodes that it may ask. */
export type WidgetLoader = ServedLoader & { anchor: string }

export type SnippetParameters = EmbedLook & {
  /** Of the relay that serves the loader and the dataset's page. */
  origin: string
  loader: WidgetLoader
  dataset: string
  /** The embed's id. */
  grant: string
  /** Of a minted embed: where the page's server hands grants out. */
  grantUrl?: string
  /** Names one of several. */
  template: string | undefined
  /** Values by name that the page begins with. */
  parameters: Readonly<Record<string, boolean | number | string | null>>
  /** What readers without scripts see, as the text of a link to the dataset. */
  title: string
}

/** The tag. Whatever the values hold, it stays inside of its quotes. */
export function tagSnippet({ origin, loader, dataset, grant, ...look }: SnippetParameters): string {
  const { view, theme, template, parameters, title, grantUrl } = look
  const attributes = [
    ['dataset', dataset],
    ['grant', grant],
    ...(grantUrl === undefined ? [] : [['grant-url', grantUrl]]),
    ...(template === undefined ? [] : [['template', template]]),
    ...(Object.keys(parameters).length === 0 ? [] : [['params', JSON.stringify(parameters)]]),
    ['view', view],
    ['anchor', loader.anchor],
    ...(theme === 'auto' ? [] : [['theme', theme]]),
  ].map(([name = '', value = '']) => `${name}="${escapeHtml(value)}"`)
  return [
    '<script',
    '  type="module"',
    `  src="${escapeHtml(`${origin}/widget/${loader.version}/enigma-query.js`)}"`,
    `  integrity="${escapeHtml(loader.integrity)}"`,
    '  crossorigin="anonymous"',
    '></script>',
    `<enigma-query ${attributes.join(' ')}>`,
    `  <p><a href="${escapeHtml(`${origin}/d/${dataset}`)}">${escapeHtml(title)}</a></p>`,
    '</enigma-query>',
  ].join('\n')
}

/** What a page with a content security policy adds to it. `relays` are multiaddrs. */
export function policySnippet({
  origin,
  rpcUrls,
  relays,
}: {
  origin: string
  rpcUrls: readonly string[]
  relays: readonly string[]
}): string {
  const sockets = relays.flatMap((relay) => socketOf(relay) ?? [])
  const connect = [...new Set([origin, ...rpcUrls.map((url) => new URL(url).origin), ...sockets])]
  return `script-src ${origin};\nconnect-src ${connect.join(' ')};`
}

/** The origin of a relay's WebSocket; undefined where its address is of another transport. */
function socketOf(multiaddr: string): string | undefined {
  const address = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d+)(?:\/tls(?:\/sni\/[^/]+)?)?\/(wss?)(?:\/|$)/.exec(
    multiaddr,
  )
  const [, family, host, port, scheme] = address ?? []
  if (host === undefined || port === undefined) return undefined
  const isSecure = scheme === 'wss' || multiaddr.includes('/tls/')
  return `${isSecure ? 'wss' : 'ws'}://${family === 'ip6' ? `[${host}]` : host}:${port}`
}

/** The newest loader by the file that the relay serves; undefined where it names none. */
export function readLatest(latest: unknown): ServedLoader | undefined {
  const fields = new Map(Object.entries(typeof latest === 'object' && latest !== null ? latest : {}))
  const version: unknown = fields.get('version')
  const integrity: unknown = fields.get('integrity')
  const isVersion = typeof version === 'string' && /^\d{1,5}\.\d{1,5}\.\d{1,5}$/.test(version)
  const isHash = typeof integrity === 'string' && /^sha384-[A-Za-z0-9+/]{64}$/.test(integrity)
  return isVersion && isHash ? { version, integrity } : undefined
}
