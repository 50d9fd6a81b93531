/**
 * What every page shares: the network that this site is pinned to, and the SDK's client, which is loaded when the first
 * page needs it. Prerendering makes none of it.
 */
import type { MarketplaceClient } from '@enigma/client'
import type { Hex, NetworkFile } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import { firstContent } from './first-content.ts'
import { toShownError } from './to-shown-error.ts'

class AppState {
  /** The network file; undefined while it is loading or where it cannot be had. */
  network = $state.raw<NetworkFile>()
  error = $state.raw<ShownError>()
  #network: Promise<NetworkFile> | undefined
  #client: Promise<MarketplaceClient> | undefined

  /** Development networks live on one machine: loopback may be dialled, and there is a faucet. */
  get isDevelopment(): boolean {
    return this.network?.faucetUrl !== undefined
  }

  /** The network that the site's own origin pins. A failed load is tried again by the next caller. */
  loadNetwork(): Promise<NetworkFile> {
    this.#network ??= this.#readNetwork().catch((error: unknown) => {
      this.#network = undefined
      this.error = toShownError(error)
      throw error
    })
    return this.#network
  }

  /** The SDK's client, with its own libp2p host; where nothing has begun it, the page's own parts come first. */
  client(): Promise<MarketplaceClient> {
    return this.#client ?? this.#keepClient(firstContent.whenShown().then(() => this.#createClient()))
  }

  /** Makes the client without waiting for the page's own parts. Whoever then asks for it hears what failed. */
  beginClient(): void {
    if (this.#client === undefined) this.#keepClient(this.#createClient()).catch(() => undefined)
  }

  #keepClient(creating: Promise<MarketplaceClient>): Promise<MarketplaceClient> {
    this.#client = creating.catch((error: unknown) => {
      this.#client = undefined
      throw error
    })
    return this.#client
  }

  /** Deletes the key that signs an account's queries in this browser. */
  async forgetSession(account: Hex): Promise<void> {
    const [network, { forgetBrowserSession }] = await Promise.all([
      this.loadNetwork(),
      import('@enigma/client/browser'),
    ])
    await forgetBrowserSession({ network, account })
    // Where the browser refuses to keep anything, the running client alone holds it.
    await (await this.#client)?.forget({ account })
  }

  async #readNetwork(): Promise<NetworkFile> {
    const { readNetworkFile } = await import('./read-network-file.ts')
    this.network = await readNetworkFile()
    this.error = undefined
    return this.network
  }

  async #createClient(): Promise<MarketplaceClient> {
    const [network, { createBrowserClient }, { createDecodeWorker }] = await Promise.all([
      this.loadNetwork(),
      import('@enigma/client/browser'),
      import('./create-decode-worker.ts'),
    ])
    return createBrowserClient({ network, decodeWorker: createDecodeWorker })
  }
}

export const app = new AppState()
