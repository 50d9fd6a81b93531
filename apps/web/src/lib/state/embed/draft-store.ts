/** Keeps the draft of an embed in this browser, by network: a path means another dataset on another chain. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { EmbedDraft } from '#lib/embed/draft.ts'
import { app } from '../app.svelte.ts'

type Schema = DBSchema & { drafts: { key: string; value: EmbedDraft } }
type Opened = { database: IDBPDatabase<Schema>; network: string }

let opened: Promise<Opened | undefined> | undefined

/** Private windows and strict settings refuse IndexedDB: the draft then lasts as long as the page. */
function open(): Promise<Opened | undefined> {
  opened ??= openDrafts().catch(() => undefined)
  return opened
}

async function openDrafts(): Promise<Opened> {
  const { chainId, marketplace } = await app.loadNetwork()
  const database = await openDB<Schema>('enigma-embed', 2, {
    upgrade(created) {
      // A draft of the first version had one template and no name for it.
      if (created.objectStoreNames.contains('drafts')) created.deleteObjectStore('drafts')
      created.createObjectStore('drafts')
    },
  })
  return { database, network: `${chainId}:${marketplace}` }
}

/** The draft of the last visit. */
export async function readDraftHere(): Promise<EmbedDraft | undefined> {
  const store = await open()
  return store?.database.get('drafts', store.network)
}

/** Keeps it; false where this browser keeps nothing. */
export async function keepDraftHere(draft: EmbedDraft): Promise<boolean> {
  const store = await open()
  if (store === undefined) return false
  try {
    await store.database.put('drafts', draft, store.network)
    return true
  } catch {
    // Its quota is used up: the draft stays on the page.
    return false
  }
}
