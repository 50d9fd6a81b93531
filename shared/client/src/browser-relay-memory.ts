/** Good relays of a network in IndexedDB, so that the next visit begins with one that answered. */
import type { ClientDatabase } from './browser-database.ts'
import type { RelayMemory } from './types.ts'

/** Reads what was remembered of a network; remembers nothing where the browser refuses. */
export async function openRelayMemory({
  database,
  network,
}: {
  database: Promise<ClientDatabase | undefined>
  /** Names the network, such as `<chainId>:<marketplace>`. */
  network: string
}): Promise<RelayMemory> {
  const opened = await database
  // Storage may fail at any time, such as when it is full: the list of the network file remains.
  const memos = (await opened?.get('relays', network).catch(() => undefined)) ?? []
  return {
    memos,
    save: (kept) => void opened?.put('relays', kept, network).catch(() => undefined),
  }
}
