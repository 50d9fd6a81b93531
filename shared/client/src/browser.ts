/**
 * The SDK in a browser: WebRTC-direct, WebRTC over a relay and WebSocket; a fresh peer id for each page load. This module
 * is small and loads the rest when it is used.
 */
import type { Hex, NetworkFile } from '@enigma/protocol'
import type { BrowserClientParameters } from './browser-marketplace.ts'
import type { MarketplaceClient } from './create-marketplace-client.ts'
import type { BrowserHostParameters } from './host/browser-host.ts'

export type * from './index.ts'

export type CreateBrowserClientParameters = BrowserHostParameters & BrowserClientParameters

/**
 * Creates a client with a host of its own; `close` ends it.
 *
 * @example
 * const client = await createBrowserClient({ network })
 * for await (const batch of client.sample({ dataset: '0x…/coinbase_data', sql: 'SELECT * FROM candles' })) show(batch)
 */
export async function createBrowserClient(parameters: CreateBrowserClientParameters): Promise<MarketplaceClient> {
  const [{ createHostIdentity }, { webPrimitives: primitives }, { createBrowserHost }, { createBrowserMarketplace }] =
    await loadBrowserClient()
  const host = createBrowserHost(await createHostIdentity(), parameters)
  return createBrowserMarketplace({ ...parameters, host, primitives })
}

/**
 * Loads what a client is made of, for a page that will need one before it knows its network; `createBrowserClient` does so
 * itself. Loaded side by side and evaluated one by one: in one piece it would keep a slow page from answering for long.
 */
export function loadBrowserClient() {
  return Promise.all([
    import('./host/host-identity.ts'),
    import('./browser-primitives.ts').then((loaded) => {
      // What verifies the first answer; whoever verifies hears of it when it cannot be had.
      loaded.loadCurve().catch(() => undefined)
      return loaded
    }),
    import('./host/browser-host.ts'),
    import('./browser-marketplace.ts'),
  ])
}

/** Deletes the key that signs an account's queries in this browser, without a client. */
export async function forgetBrowserSession(parameters: { network: NetworkFile; account: Hex }): Promise<void> {
  const { forgetInBrowser } = await import('./browser-key-store.ts')
  await forgetInBrowser(parameters)
}
