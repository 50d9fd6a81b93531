/** Sessions in IndexedDB: keys that cannot be read out, as the browser's own objects; in memory where it refuses. */
import type { Hex, NetworkFile } from '@enigma/protocol'
import { type ClientDatabase, openClientDatabase } from './browser-database.ts'
import { createMemoryKeyStore } from './key-stores.ts'
import { forgetSession } from './sessions.ts'
import type { KeyStore } from './types.ts'

/** Creates the key store of this origin; `isPersistent` tells whether sessions outlive the page. */
export async function createBrowserKeyStore({
  database = openClientDatabase(),
}: { database?: Promise<ClientDatabase | undefined> } = {}): Promise<KeyStore & { isPersistent: boolean }> {
  const opened = await database
  if (opened === undefined) return { ...createMemoryKeyStore(), isPersistent: false }
  return {
    isPersistent: true,
    needsExtractableKeys: false,
    get: (id) => opened.get('sessions', id),
    put: async (id, session) => {
      await opened.put('sessions', session, id)
    },
    delete: (id) => opened.delete('sessions', id),
  }
}

/** Deletes an account's session from this origin's store. */
export async function forgetInBrowser({ network, account }: { network: NetworkFile; account: Hex }): Promise<void> {
  await forgetSession({ network, keys: await createBrowserKeyStore() }, account)
}
