/**
 * What publishing keeps in this browser: the draft as it was typed and its file, publications that are under way, and the
 * keys that sign snapshots. By network, since a path means another dataset on another chain.
 */
import type { Hex } from '@enigma/protocol'
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { Draft } from '#lib/publish/draft.ts'
import type { Publication } from './publication.ts'

/** A key that signs a dataset's snapshots. It moves no money. */
export type PublisherKey = {
  address: Hex
  privateKey: Hex
  createdAtMs: number
  /** The highest number that was signed in this browser, by dataset. */
  signedSeqs?: Readonly<Record<string, number>>
}

export type PublishStore = {
  /** Whether it outlives the page. */
  readonly isKept: boolean
  draft: () => Promise<Draft | undefined>
  keepDraft: (draft: Draft) => Promise<void>
  /** The draft's file; undefined where the browser had no room for it. */
  file: () => Promise<File | undefined>
  /** False where there is no room. */
  keepFile: (file: File | undefined) => Promise<boolean>
  publications: () => Promise<Publication[]>
  /** Without its rows where there is no room for them. */
  keepPublication: (publication: Publication) => Promise<void>
  dropPublication: (path: string) => Promise<void>
  key: (address: Hex) => Promise<PublisherKey | undefined>
  keepKey: (key: PublisherKey) => Promise<void>
}

type Schema = DBSchema & {
  drafts: { key: string; value: Draft }
  files: { key: string; value: File }
  publications: { key: [string, string]; value: Publication & { network: string } }
  keys: { key: string; value: PublisherKey }
}

const databaseName = 'enigma-publish'

/** Opens the store of a network; in memory where the browser refuses to keep anything. */
export async function openPublishStore(network: string): Promise<PublishStore> {
  try {
    return createStore(network, await open())
  } catch {
    // Private windows of some browsers have no IndexedDB: the page says that nothing outlives it.
    return createMemoryStore()
  }
}

function open(): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(databaseName, 1, {
    upgrade(database) {
      database.createObjectStore('drafts')
      database.createObjectStore('files')
      database.createObjectStore('publications', { keyPath: ['network', 'path'] })
      database.createObjectStore('keys', { keyPath: 'address' })
    },
  })
}

function createStore(network: string, database: IDBPDatabase<Schema>): PublishStore {
  return {
    isKept: true,
    draft: () => database.get('drafts', network),
    async keepDraft(draft) {
      await database.put('drafts', draft, network)
    },
    file: () => database.get('files', network),
    async keepFile(file) {
      if (file === undefined) {
        await database.delete('files', network)
        return true
      }
      try {
        await database.put('files', file, network)
        return true
      } catch {
        // Its quota is used up: the file of before is not this one, so none is kept.
        await database.delete('files', network)
        return false
      }
    },
    async publications() {
      const range = IDBKeyRange.bound([network, ''], [network, '\uffff'])
      const all = await database.getAll('publications', range)
      return all.toSorted((a, b) => b.startedAtMs - a.startedAtMs)
    },
    async keepPublication(publication) {
      try {
        await database.put('publications', { ...publication, network })
      } catch {
        // No room for the rows: what was signed and paid is kept all the same, and the file is asked for again.
        await database.put('publications', { ...publication, network, segments: undefined })
      }
    },
    dropPublication: (path) => database.delete('publications', [network, path]),
    key: (address) => database.get('keys', address),
    async keepKey(key) {
      await database.put('keys', key)
    },
  }
}

function createMemoryStore(): PublishStore {
  const publications = new Map<string, Publication>()
  const keys = new Map<Hex, PublisherKey>()
  let draft: Draft | undefined
  let file: File | undefined
  return {
    isKept: false,
    draft: () => Promise.resolve(draft),
    keepDraft: (next) => Promise.resolve(void (draft = next)),
    file: () => Promise.resolve(file),
    keepFile: (next) => {
      file = next
      return Promise.resolve(true)
    },
    publications: () => Promise.resolve([...publications.values()]),
    keepPublication: (publication) => Promise.resolve(void publications.set(publication.path, publication)),
    dropPublication: (path) => Promise.resolve(void publications.delete(path)),
    key: (address) => Promise.resolve(keys.get(address)),
    keepKey: (key) => Promise.resolve(void keys.set(key.address, key)),
  }
}
