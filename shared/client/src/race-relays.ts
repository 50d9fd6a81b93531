/** One relay after the other, the next one before the last has failed: the first that does the work wins. */
import { raceInTurn } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import type { Relay } from './relay-list.ts'

export type RaceRelaysParameters<Result> = {
  /** In order of preference. */
  relays: readonly Relay[]
  /** `signal` aborts when another relay has won. */
  work: (relay: Relay, signal: AbortSignal) => Promise<Result>
  signal?: AbortSignal | undefined
  /** Told of each relay that failed while none had won. */
  onFailed?: (relay: Relay, error: unknown) => void
}

/** The first result; throws `no-relay` whose cause holds every failure, or `aborted`. */
export async function raceRelays<Result>({
  relays,
  ...race
}: RaceRelaysParameters<Result>): Promise<{ relay: Relay; result: Result }> {
  try {
    const { item: relay, result } = await raceInTurn({ items: relays, ...race })
    return { relay, result }
  } catch (cause) {
    if (cause instanceof MarketplaceError) throw cause
    throw new MarketplaceError({
      code: 'no-relay',
      message: 'No relay can be reached; check the connection and the network file.',
      cause,
    })
  }
}
