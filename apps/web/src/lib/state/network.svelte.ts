/** The network page: relays, connections and round trips as this browser sees them. */
import type { RelayStatus, Transport } from '@enigma/client'
import type { ShownError } from '#lib/format/shown-error.ts'
import { announcer } from './announcer.svelte.ts'
import { app } from './app.svelte.ts'
import { connectivity } from './connectivity.svelte.ts'
import { toShownError } from './to-shown-error.ts'

/** What came of asking a relay. */
export type Probe = { roundTripMs: number } | { error: ShownError }

class NetworkState {
  relays = $state.raw<readonly RelayStatus[]>()
  connections = $state.raw<readonly Transport[]>([])
  probes = $state.raw<Readonly<Record<string, Probe>>>({})
  isProbing = $state(false)
  error = $state.raw<ShownError>()

  /** Asks every relay once. */
  async probe(): Promise<void> {
    if (this.isProbing) return
    this.isProbing = true
    this.error = undefined
    try {
      const { network } = await app.client()
      this.relays = network.relays()
      await Promise.all(this.relays.map((relay) => this.#probeOne(relay.peerId)))
      this.relays = network.relays()
      this.connections = network.connections()
      connectivity.report(Object.values(this.probes).some((probe) => 'roundTripMs' in probe) ? undefined : 'no-relay')
    } catch (error) {
      this.error = toShownError(error)
    }
    this.isProbing = false
  }

  /** Tries a relay first from now on, as long as this page lives. */
  async prefer(peerId: string): Promise<void> {
    const { network } = await app.client()
    network.prefer(peerId)
    this.relays = network.relays()
    announcer.say('This relay is tried first now.')
  }

  async #probeOne(peerId: string): Promise<void> {
    const { network } = await app.client()
    let probe: Probe
    try {
      probe = { roundTripMs: await network.probe(peerId) }
    } catch (error) {
      probe = { error: toShownError(error) }
    }
    this.probes = { ...this.probes, [peerId]: probe }
  }
}

export const networkState = new NetworkState()
