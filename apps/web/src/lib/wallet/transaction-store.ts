/**
 * Where transactions are kept: IndexedDB, so that they survive reloads, with word to the other tabs of each change. Every
 * change is one database transaction, so that two tabs cannot both begin the same thing.
 */
import { type DBSchema, openDB } from 'idb'
import { isOpen, type Transaction } from './transaction.ts'

export type TransactionStore = {
  /** Oldest first. */
  all: () => Promise<Transaction[]>
  /** Keeps a new one; false where one is open for the same dataset, account and chain. */
  begin: (transaction: Transaction) => Promise<boolean>
  /** Changes one atomically; undefined removes it. One that is gone stays gone. */
  change: (id: string, change: (current: Transaction) => Transaction | undefined) => Promise<void>
  /** Told of changes by this tab and by others. */
  subscribe: (listener: () => void) => () => void
}

type Schema = DBSchema & { transactions: { key: string; value: Transaction } }

const name = 'enigma-transactions'
const maxKept = 100

/** Opens the store; one in memory where the browser refuses to keep anything. */
export async function openTransactionStore(): Promise<TransactionStore> {
  try {
    return await openKept()
  } catch {
    // Private windows of some browsers have no IndexedDB: the list lasts as long as the page.
    return openInMemory()
  }
}

async function openKept(): Promise<TransactionStore> {
  const database = await openDB<Schema>(name, 1, {
    upgrade: (opened) => void opened.createObjectStore('transactions', { keyPath: 'id' }),
  })
  const channel = new BroadcastChannel(name)
  const { tell, subscribe } = createListeners()
  channel.addEventListener('message', tell)
  const changed = () => {
    tell()
    channel.postMessage('changed')
  }
  return {
    subscribe,
    all: async () => inOrder(await database.getAll('transactions')),
    async begin(transaction) {
      const work = database.transaction('transactions', 'readwrite')
      const kept = await work.store.getAll()
      const isFree = !kept.some((each) => isRival(each, transaction))
      if (isFree) await work.store.put(transaction)
      for (const { id } of isFree ? surplus(kept) : []) await work.store.delete(id)
      await work.done
      if (isFree) changed()
      return isFree
    },
    async change(id, change) {
      const work = database.transaction('transactions', 'readwrite')
      const current = await work.store.get(id)
      const next = current === undefined ? undefined : change(current)
      if (next !== current) await (next === undefined ? work.store.delete(id) : work.store.put(next))
      await work.done
      if (next !== current) changed()
    },
  }
}

/** The same in memory. */
export function openInMemory(): TransactionStore {
  const kept = new Map<string, Transaction>()
  const { tell, subscribe } = createListeners()
  return {
    subscribe,
    all: () => Promise.resolve(inOrder([...kept.values()])),
    begin(transaction) {
      const isFree = ![...kept.values()].some((each) => isRival(each, transaction))
      if (isFree) kept.set(transaction.id, transaction)
      if (isFree) tell()
      return Promise.resolve(isFree)
    },
    change(id, change) {
      const current = kept.get(id)
      const next = current === undefined ? undefined : change(current)
      if (next === current) return Promise.resolve()
      if (next === undefined) kept.delete(id)
      else kept.set(id, next)
      tell()
      return Promise.resolve()
    },
  }
}

function createListeners() {
  const listeners = new Set<() => void>()
  return {
    tell: () => listeners.forEach((listener) => listener()),
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function isRival(kept: Transaction, { path, account, chainId }: Transaction): boolean {
  return isOpen(kept) && kept.path === path && kept.account === account && kept.chainId === chainId
}

function inOrder(transactions: Transaction[]): Transaction[] {
  return transactions.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))
}

/** The oldest beyond what is kept; none that is under way. */
function surplus(kept: Transaction[]): Transaction[] {
  const closed = inOrder(kept.filter((each) => !isOpen(each)))
  return closed.slice(0, Math.max(0, closed.length - maxKept))
}
