/** Response headers of the web app: what a page may load, and where it may connect to. */
import type { NetworkFile } from '@enigma/protocol'

type PageNetwork = Pick<NetworkFile, 'rpcUrls' | 'faucetUrl'>

/** What is the same for every page: nothing of the machine, nothing guessed, nothing told to others. */
const anyPage = {
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/**
 * A second policy beside the one in each page's `<meta>`: it names the origins of the chain and the faucet, and forbids
 * framing, which a `<meta>` cannot. The widget's frame, and nothing else, may be framed.
 */
export function securityHeaders(network: PageNetwork, path: string): Record<string, string> {
  if (widgetFrame.test(path)) return frameHeaders(network)
  return {
    'content-security-policy': `connect-src ${connectSources(network)}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...anyPage,
  }
}

/** Relays and nodes are dialled wherever their records say, so sockets are not narrowed. */
function connectSources({ rpcUrls, faucetUrl }: PageNetwork): string {
  const origins = [...rpcUrls, ...(faucetUrl === undefined ? [] : [faucetUrl])].map((url) => new URL(url).origin)
  return [...new Set(["'self'", ...origins, 'ws:', 'wss:'])].join(' ')
}

/** The page that shows a viewer's own rows on sites of others. */
export const widgetFrame = /^\/widget\/\d+\.\d+\.\d+\/frame\.html$/

/** Any site may hold it, so it is sandboxed by its own answer, whatever that site's tag says. */
function frameHeaders(network: PageNetwork): Record<string, string> {
  const sandbox =
    'sandbox allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-storage-access-by-user-activation'
  const policy = [
    `default-src 'none'; script-src 'self'; connect-src ${connectSources(network)}; frame-ancestors *`,
    `base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; ${sandbox}`,
  ]
  return { 'content-security-policy': policy.join('; '), 'cross-origin-resource-policy': 'cross-origin', ...anyPage }
}

/** Paths that pages of other origins load: the widget's files, and the network file that it asks by. */
const forAnyOrigin = /^\/(?:widget\/|enigma-network\.json$)/

/** Headers that let any page load what is meant for any page; none for the other paths. */
export function crossOriginHeaders(path: string): Record<string, string> {
  if (!forAnyOrigin.test(path)) return {}
  return {
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'timing-allow-origin': '*',
  }
}
