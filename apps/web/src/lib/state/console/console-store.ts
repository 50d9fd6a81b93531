/**
 * What the console keeps in this browser: the queries that were run, those that were saved, and, only where the reader
 * wants it, the last result. Everything is kept by account, bounded, and gone with `forgetAccount`.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { ParameterType } from '#lib/sql/find-parameters.ts'

export type QueryKind = 'history' | 'saved'
/** A query as it was typed; `name` where it was saved, `outcome` where it was run. */
export type KeptQuery = {
  id?: number
  kind: QueryKind
  account: string
  dataset: string
  sql: string
  parameters: readonly { type: ParameterType; text: string }[]
  atMs: number
  name?: string
  outcome?: { phase: 'verified' | 'failed' | 'cancelled'; rows: number; ms: number }
}
/** The last result of an account: an Arrow stream, the query, and when it was received. */
export type KeptResult = {
  account: string
  dataset: string
  sql: string
  atMs: number
  seq: number
  isTruncated: boolean
  columns: readonly { name: string; type: string }[]
  arrow: Blob
}

type Schema = DBSchema & {
  queries: { key: number; value: KeptQuery; indexes: { byKind: [string, QueryKind, number] } }
  results: { key: string; value: KeptResult }
}

const databaseName = 'enigma-console'
const wishKey = 'enigma-keep-result'
const maxQueries: Record<QueryKind, number> = { history: 300, saved: 200 }
/** Kept results are gone after a day. */
export const keepResultMs = 24 * 3_600_000

let opened: Promise<IDBPDatabase<Schema> | undefined> | undefined

/** Private windows and strict settings refuse IndexedDB: the console then forgets, and works all the same. */
function open(): Promise<IDBPDatabase<Schema> | undefined> {
  opened ??= openDB<Schema>(databaseName, 1, {
    upgrade(database) {
      const queries = database.createObjectStore('queries', { keyPath: 'id', autoIncrement: true })
      queries.createIndex('byKind', ['account', 'kind', 'atMs'])
      database.createObjectStore('results', { keyPath: 'account' })
    },
  }).catch(() => undefined)
  return opened
}

const ofKind = (account: string, kind: QueryKind) => IDBKeyRange.bound([account, kind, 0], [account, kind, Infinity])

/** Keeps a query; the oldest ones make room. The same query run again only moves to the front of the history. */
export async function keepQuery(query: KeptQuery): Promise<void> {
  const database = await open()
  if (database === undefined) return
  const transaction = database.transaction('queries', 'readwrite')
  const all = await transaction.store.index('byKind').getAll(ofKind(query.account, query.kind))
  const isSame = (each: KeptQuery) =>
    query.kind === 'history' && each.dataset === query.dataset && each.sql === query.sql
  const others = all.filter((each) => !isSame(each))
  const surplus = others.slice(0, Math.max(0, others.length + 1 - maxQueries[query.kind]))
  for (const { id } of [...all.filter(isSame), ...surplus]) if (id !== undefined) await transaction.store.delete(id)
  await transaction.store.add(query)
  await transaction.done
}

/** An account's queries, newest first. */
export async function readQueries(account: string, kind: QueryKind): Promise<KeptQuery[]> {
  const database = await open()
  return (await database?.getAllFromIndex('queries', 'byKind', ofKind(account, kind)))?.reverse() ?? []
}

export async function removeQuery(id: number): Promise<void> {
  const database = await open()
  await database?.delete('queries', id)
}

/** Keeps the account's last result in place of the one before; false where this browser has no room for it. */
export async function keepResult(result: KeptResult): Promise<boolean> {
  const database = await open()
  if (database === undefined) return false
  try {
    await database.put('results', result)
    return true
  } catch {
    // Its quota is used up: the result stays on the page.
    return false
  }
}

/** The account's last result, unless it is a day old. */
export async function readResult(account: string, nowMs: number): Promise<KeptResult | undefined> {
  const database = await open()
  const kept = await database?.get('results', account)
  if (kept === undefined || kept.atMs + keepResultMs > nowMs) return kept
  await database?.delete('results', account)
  return undefined
}

export async function removeResult(account: string): Promise<void> {
  const database = await open()
  await database?.delete('results', account)
}

/** To be called when an account signs out: nothing of it stays. */
export async function forgetAccount(account: string): Promise<void> {
  writeWish(account, false)
  const database = await open()
  if (database === undefined) return
  const transaction = database.transaction(['queries', 'results'], 'readwrite')
  const queries = transaction.objectStore('queries')
  for (const kind of ['history', 'saved'] as const) {
    for (const key of await queries.index('byKind').getAllKeys(ofKind(account, kind))) await queries.delete(key)
  }
  await transaction.objectStore('results').delete(account)
  await transaction.done
}

/** Results that are a day old go, whoever asked for them. */
export async function dropOldResults(nowMs: number): Promise<void> {
  const database = await open()
  for (const kept of (await database?.getAll('results')) ?? []) {
    if (kept.atMs + keepResultMs <= nowMs) await database?.delete('results', kept.account)
  }
}

/** Whether the account's results are to be kept. */
export function readWish(account: string): boolean {
  try {
    return localStorage.getItem(`${wishKey}:${account}`) === 'yes'
  } catch {
    // Storage is refused: nothing is kept.
    return false
  }
}

/** Remembers whether they are. */
export function writeWish(account: string, isWanted: boolean): void {
  try {
    if (isWanted) localStorage.setItem(`${wishKey}:${account}`, 'yes')
    else localStorage.removeItem(`${wishKey}:${account}`)
  } catch {
    // Storage is refused: the choice lasts as long as the page.
  }
}
