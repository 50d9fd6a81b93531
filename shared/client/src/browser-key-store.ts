/** Sessions in IndexedDB: keys that cannot be read out, as the browser's own objects; in memory where it refuses. */
import { openDB, type IDBPDatabase } from 'idb'
import { createMemoryKeyStore } from './key-stores.ts'
import type { KeyStore, Session } from './types.ts'

const storeName = 'sessions'

/** Creates the key store of this origin; `isPersistent` tells whether sessions outlive the page. */
export async function createBrowserKeyStore({
  databaseName = 'enigma-client',
}: { databaseName?: string } = {}): Promise<KeyStore & { isPersistent: boolean }> {
  const database = await openSessions(databaseName)
  if (database === undefined) return { ...createMemoryKeyStore(), isPersistent: false }
  return {
    isPersistent: true,
    needsExtractableKeys: false,
    get: (id) => database.get(storeName, id) as Promise<Session | undefined>,
    put: async (id, session) => {
      await database.put(storeName, session, id)
    },
    delete: (id) => database.delete(storeName, id),
  }
}

async function openSessions(databaseName: string): Promise<IDBPDatabase | undefined> {
  try {
    return await openDB(databaseName, 1, { upgrade: (database) => void database.createObjectStore(storeName) })
  } catch {
    // Private windows and strict settings refuse IndexedDB; the session then lives as long as the page.
    return undefined
  }
}
