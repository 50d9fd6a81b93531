/** Decides where a fetch of a script may go, before any connection is made (DESIGN §8). */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { MarketplaceError } from '@enigma/protocol'
import { isPublicAddress } from '@enigma/client/node/public-address'

/** Resolves a host name to addresses. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>

/** One connection to make: `url` as the script sees it, `connectUrl` where it goes, `address` the checked address. */
export type FetchTarget = { url: URL; connectUrl: URL; address: string | undefined }

export type FetchTargetParameters = {
  url: string
  /** Declared hosts of the manifest: `name` or `name:port`. */
  hosts: readonly string[]
  /** Declared host → base URL of a local service, set by the operator. */
  hostOverrides: Readonly<Record<string, string>>
  resolveHost: ResolveHost
}

/** Resolves by the system, as every other program on this machine does. */
export const resolveBySystem: ResolveHost = async (hostname) =>
  (await lookup(hostname, { all: true, order: 'verbatim' })).map(({ address }) => address)

/** Checks the URL against the declared hosts and the address it resolves to; throws `host-refused`. */
export async function fetchTarget({
  url: text,
  hosts,
  hostOverrides,
  resolveHost,
}: FetchTargetParameters): Promise<FetchTarget> {
  const url = parseUrl(text)
  if (!hosts.includes(url.host)) {
    throw refused(`The script may not fetch from ${url.host}; add the host to script.hosts in the manifest.`, url)
  }
  const override = Object.hasOwn(hostOverrides, url.host) ? hostOverrides[url.host] : undefined
  if (override !== undefined) return { url, connectUrl: overriddenUrl(url, override), address: undefined }
  if (url.protocol !== 'https:') throw refused('The script may fetch by https only; use an https address.', url)
  return { url, connectUrl: url, address: await publicAddressOf(url, resolveHost) }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw refused('The script fetched something that is not a URL.', undefined, text.slice(0, 200))
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('The script may fetch by https only.', url)
  if (url.username !== '' || url.password !== '') {
    throw refused('A fetched URL must not hold a user name or password; send a header instead.', url)
  }
  url.hash = ''
  return url
}

function overriddenUrl(url: URL, base: string): URL {
  const connectUrl = new URL(base)
  connectUrl.pathname = `${connectUrl.pathname.replace(/\/$/, '')}${url.pathname}`
  connectUrl.search = url.search
  return connectUrl
}

async function publicAddressOf(url: URL, resolveHost: ResolveHost): Promise<string> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(hostname) === 0 ? await resolveHost(hostname) : [hostname]
  const hidden = addresses.find((address) => !isPublicAddress(address))
  const [first] = addresses
  if (first !== undefined && hidden === undefined) return first
  const message =
    'The host resolves to an address that is not public. A worker reaches local services only where its operator maps the host in worker.hostOverrides.'
  throw refused(message, url)
}

function refused(message: string, url: URL | undefined, details = url?.host): MarketplaceError {
  return new MarketplaceError({ code: 'host-refused', message, details })
}
