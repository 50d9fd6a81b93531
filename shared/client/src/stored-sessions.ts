/** Sessions that a wallet has made at this origin, as an embedded frame reads them: nothing is made and nothing written. */
import type { NetworkFile } from '@enigma/protocol'
import { wrap } from 'idb'
import { databaseName } from './browser-database.ts'
import type { Session } from './types.ts'

/** Accounts of one browser that are looked at. */
const mostSessions = 50

export type { Session } from './types.ts'

export type FindStoredSessionParameters = {
  network: NetworkFile
  /** The store to read; this page's own when absent. A frame is handed that of the origin's own pages by the browser. */
  factory?: IDBFactory
}

/** The running session that was made last on the network; undefined where there is none, or no store. */
export async function findStoredSession({
  network,
  factory = globalThis.indexedDB,
}: FindStoredSessionParameters): Promise<Session | undefined> {
  const database = await openExisting(factory)
  if (database === undefined) return undefined
  try {
    const prefix = `${network.chainId}:${network.marketplace}:`
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
    const sessions = (await wrap(database).getAll('sessions', range, mostSessions)) as Session[]
    const now = Date.now() / 1000
    return sessions
      .filter(({ grant }) => grant.grant.validUntil > now)
      .toSorted((one, other) => other.grant.grant.validAfter - one.grant.grant.validAfter)[0]
  } finally {
    database.close()
  }
}

/** Undefined where nobody has signed in yet, or the browser refuses: a store is never made here. */
async function openExisting(factory: IDBFactory): Promise<IDBDatabase | undefined> {
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IDBDatabase>()
    const request = factory.open(databaseName)
    request.onupgradeneeded = () => request.transaction?.abort()
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(new TypeError('there is no store'))
    const database = await promise
    if (database.objectStoreNames.contains('sessions')) return database
    database.close()
    return undefined
  } catch {
    return undefined
  }
}
