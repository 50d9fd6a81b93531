/** What the SDK keeps in IndexedDB for an origin: sessions by deployment and account, relays by network. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { RelayMemo, Session } from './types.ts'

type ClientSchema = DBSchema & {
  sessions: { key: string; value: Session }
  relays: { key: string; value: readonly RelayMemo[] }
}
export type ClientDatabase = IDBPDatabase<ClientSchema>

export const databaseName = 'enigma-client'
const version = 2

/** Opens the database; undefined where private windows or strict settings refuse one. */
export async function openClientDatabase(): Promise<ClientDatabase | undefined> {
  try {
    const database = await openDB<ClientSchema>(databaseName, version, {
      upgrade(created, oldVersion) {
        if (oldVersion < 1) created.createObjectStore('sessions')
        if (oldVersion < 2) created.createObjectStore('relays')
      },
      // Another tab waits to upgrade it: this one goes on until it is loaded again, and asks the wallet anew at worst.
      blocking: () => database.close(),
    })
    return database
  } catch {
    return undefined
  }
}
