/** A key store that forgets: for Node programs and for browsers that refuse to store keys. */
import type { KeyStore, Session } from './types.ts'

/** Creates a key store in memory. */
export function createMemoryKeyStore(): KeyStore {
  const sessions = new Map<string, Session>()
  return {
    needsExtractableKeys: false,
    get: (id) => Promise.resolve(sessions.get(id)),
    put: (id, session) => {
      sessions.set(id, session)
      return Promise.resolve()
    },
    delete: (id) => {
      sessions.delete(id)
      return Promise.resolve()
    },
  }
}
