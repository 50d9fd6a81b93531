/**
 * The clients of a page: one for each network, with one host and its connection, shared by every widget; it is made for
 * the first widget that asks and closed when the last one has left.
 */
import type { VisitorClient as OpenClient } from '@enigma/client/visitor'
import { checkNetworkAnchor, MarketplaceError, type NetworkFile, parseNetworkFile } from '@enigma/protocol'
import type { LoadPart } from '../contract.ts'
import type { NetworkChoice } from '../core/options.ts'
import type { AskingClient } from './ask.ts'

/** A network file is at most this long. */
const maxFileLength = 64 * 1024
const fetchTimeoutMs = 10_000

export type Lease = {
  client: Promise<AskingClient>
  /** To be called once. */
  leave: () => void
}

type Held = { client: Promise<OpenClient>; widgets: number }

const held = new Map<string, Held>()

/** Leases the page's client of a network. */
export function leaseClient(choice: NetworkChoice, load: LoadPart): Lease {
  const key = JSON.stringify(choice)
  let client = held.get(key)
  if (client === undefined) {
    client = { client: openClient(choice, load), widgets: 0 }
    const opened = client
    held.set(key, opened)
    // One that could not be made is made anew for the next who asks.
    opened.client.catch(() => {
      if (held.get(key) === opened) held.delete(key)
    })
  }
  const leased = client
  leased.widgets++
  return {
    client: leased.client,
    leave() {
      if (--leased.widgets > 0) return
      if (held.get(key) === leased) held.delete(key)
      // One that never opened has nothing to close.
      leased.client.then((open) => open.close()).catch(() => undefined)
    },
  }
}

async function openClient({ url, anchor, relays }: NetworkChoice, load: LoadPart): Promise<OpenClient> {
  const [network, { createVisitorClient }] = await Promise.all([
    readNetwork({ url, anchor }),
    import('@enigma/client/visitor'),
  ])
  return createVisitorClient({
    network: relays.length === 0 ? network : { ...network, relays: [...relays] },
    loadWebrtcDirect: () => load('webrtc'),
  })
}

/** Fetches and checks the network file; throws `setting-invalid` that says what to mend. */
export async function readNetwork({ url, anchor }: Pick<NetworkChoice, 'url' | 'anchor'>): Promise<NetworkFile> {
  const failed = (details: string, cause?: unknown) => {
    const message = 'The network file cannot be had; check the address in the attribute network and its CORS headers.'
    return new MarketplaceError({ code: 'setting-invalid', message, details: `${url}: ${details}`, cause })
  }
  try {
    const response = await fetch(url, { credentials: 'omit', signal: AbortSignal.timeout(fetchTimeoutMs) })
    if (!response.ok) throw failed(String(response.status))
    const text = await response.text()
    if (text.length > maxFileLength) throw failed('too long')
    const network = parseNetworkFile(text)
    if (anchor !== undefined) await checkNetworkAnchor(network, anchor)
    return network
  } catch (error) {
    throw error instanceof MarketplaceError ? error : failed('no answer', error)
  }
}
