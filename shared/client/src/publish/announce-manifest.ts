/** Brings a manifest to the relays, again until they have seen the transaction that it stands on. */
import { announce } from '@enigma/network'
import { MarketplaceError, type SignedManifest } from '@enigma/protocol'
import type { ClientInside } from '../create-marketplace-client.ts'
import type { Relay } from '../relay-list.ts'
import { pause } from '../pause.ts'

/** How long relays may take to see a transaction that was just mined. */
const withinMs = 60_000
const againMs = 500

export type AnnounceManifestParameters = { signed: SignedManifest; signal: AbortSignal }

/** How many relays took it; throws what the first one said when none did. */
export async function announceManifest(
  { connections, parts }: ClientInside,
  { signed, signal }: AnnounceManifestParameters,
): Promise<number> {
  const deadline = parts.nowMs() + withinMs
  const tell = async (relay: Relay) => {
    for (;;) {
      try {
        const connection = await connections.toRelay(relay, { signal })
        await announce({ connection, item: { kind: 'manifest', signed }, signal })
        return
      } catch (error) {
        if (signal.aborted || parts.nowMs() > deadline) throw error
        await pause(againMs, signal)
      }
    }
  }
  const told = await Promise.allSettled(connections.relays().map(tell))
  const taken = told.filter(({ status }) => status === 'fulfilled').length
  if (taken > 0) return taken
  const [first] = told
  if (first?.status === 'rejected') throw first.reason
  throw new MarketplaceError({ code: 'no-relay', message: 'The network file names no relay.' })
}
