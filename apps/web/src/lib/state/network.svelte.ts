/** The network page: relays, connections and round trips as this browser sees them. */
import type { NetworkStatus } from '@enigma/client'
import type { ShownError } from '#lib/format/shown-error.ts'
import { announcer } from './announcer.svelte.ts'
import { app } from './app.svelte.ts'
import { connectivity } from './connectivity.svelte.ts'
import { toShownError } from './to-shown-error.ts'

/** What came of asking a relay. */
export type Probe = { roundTripMs: number } | { error: ShownError }

const lookEveryMs = 2000

class NetworkState {
  status = $state.raw<NetworkStatus>()
  probes = $state.raw<Readonly<Record<string, Probe>>>({})
  isProbing = $state(false)
  error = $state.raw<ShownError>()
  /** Undefined until the page lives in a browser. */
  hasWebrtc = $state<boolean>()

  /** Follows the client's connections; returns how to stop. */
  watch(): () => void {
    const left = new AbortController()
    this.hasWebrtc = typeof RTCPeerConnection === 'function'
    void this.#follow(left.signal)
    return () => left.abort()
  }

  /** Measures a round trip to every relay, connecting where need be. */
  async probe(): Promise<void> {
    if (this.isProbing) return
    this.isProbing = true
    this.error = undefined
    try {
      const network = (await app.client()).network()
      this.status = network.status()
      await Promise.all(this.status.relays.map((relay) => this.#probeOne(relay.peerId)))
      this.status = network.status()
      connectivity.report(Object.values(this.probes).some((probe) => 'roundTripMs' in probe) ? undefined : 'no-relay')
    } catch (error) {
      this.error = toShownError(error)
    }
    this.isProbing = false
  }

  /** Tries a relay first from now on, remembered in this browser; undefined leaves the choice to the client. */
  async prefer(peerId: string | undefined): Promise<void> {
    const network = (await app.client()).network()
    network.preferRelay(peerId)
    this.status = network.status()
    announcer.say(peerId === undefined ? 'The client chooses the relay again.' : 'This relay is tried first now.')
  }

  async #follow(signal: AbortSignal): Promise<void> {
    try {
      const network = (await app.client()).network()
      if (signal.aborted) return
      const update = () => (this.status = network.status())
      const stop = network.subscribe(update)
      // Bytes are counted without a call: they are looked at.
      const timer = setInterval(() => {
        if (!document.hidden) update()
      }, lookEveryMs)
      const end = () => {
        stop()
        clearInterval(timer)
      }
      signal.addEventListener('abort', end, { once: true })
      update()
    } catch (error) {
      if (!signal.aborted) this.error = toShownError(error)
    }
  }

  async #probeOne(peerId: string): Promise<void> {
    const network = (await app.client()).network()
    let probe: Probe
    try {
      probe = { roundTripMs: await network.ping(peerId) }
    } catch (error) {
      probe = { error: toShownError(error) }
    }
    this.probes = { ...this.probes, [peerId]: probe }
  }
}

export const networkState = new NetworkState()
