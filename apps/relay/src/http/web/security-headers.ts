/** Response headers of the web app: what a page may load, and where it may connect to. */
import type { NetworkFile } from '@enigma/protocol'

/**
 * A second policy beside the one in each page's `<meta>`: it names the origins of the chain and the faucet, and forbids
 * framing, which a `<meta>` cannot. Relays and nodes are dialled wherever their records say, so sockets are not narrowed.
 */
export function securityHeaders({
  rpcUrls,
  faucetUrl,
}: Pick<NetworkFile, 'rpcUrls' | 'faucetUrl'>): Record<string, string> {
  const origins = [...rpcUrls, ...(faucetUrl === undefined ? [] : [faucetUrl])].map((url) => new URL(url).origin)
  const connect = [...new Set(["'self'", ...origins, 'ws:', 'wss:'])].join(' ')
  return {
    'content-security-policy': `connect-src ${connect}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
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
