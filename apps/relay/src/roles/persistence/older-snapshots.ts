/**
 * Superseded snapshots that somebody still asks for: each is opened once for all who name it, few at a time, and closed
 * when nobody has asked for a while.
 */
import { aborted, createConcurrencyLimiter } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import type { StoredSnapshot } from '../../snapshot/dataset-snapshots.ts'
import type { LeasedDatabase } from './leased-database.ts'
import type { PersistenceLimits } from './persistence-limits.ts'

/** Who asks: `account` has a share of the places. */
export type OlderAsker = { account: string; signal: AbortSignal }

export type OlderSnapshots = {
  /**
   * The open database, and how to let it go; throws `busy` when too many others are in use, and `rate-limited` when the
   * account uses its share of them already.
   */
  use: (stored: StoredSnapshot, asker: OlderAsker) => Promise<{ database: LeasedDatabase; release: () => void }>
  /** Closes those that the store no longer keeps, once their readers have left. */
  keepOnly: (kept: readonly StoredSnapshot[]) => void
  close: () => Promise<void>
}

/** What the older snapshots of all datasets share: how many may be open on this node. */
export type OlderRoom = {
  /** Takes a place, of one that nobody uses where there is no other; returns how to leave it, or undefined. */
  enter: (place: OlderPlace) => (() => void) | undefined
  readonly shares: AccountShares
}
/** `drop` leaves the place at once where it is unused. */
type OlderPlace = { isUnused: () => boolean; drop: () => void }

/** How many superseded snapshots each account uses: half of the places at most, so that none keeps the others out. */
export type AccountShares = {
  /** Counts one more; returns how to count it out, or undefined where the account has its share. */
  enter: (account: string) => (() => void) | undefined
}

function createShares(places: number): AccountShares {
  return createConcurrencyLimiter({ perKey: Math.max(1, Math.floor(places / 2)), total: Infinity })
}

/** Creates the room: one subscriber of many datasets must not open twice as many databases. */
export function createOlderRoom({ places }: { places: number }): OlderRoom {
  const taken = new Set<OlderPlace>()
  return {
    shares: createShares(places),
    enter(place) {
      if (taken.size >= places) [...taken].find(({ isUnused }) => isUnused())?.drop()
      if (taken.size >= places) return undefined
      taken.add(place)
      return () => void taken.delete(place)
    },
  }
}

export type CreateOlderSnapshotsParameters = {
  room: OlderRoom
  open: (stored: StoredSnapshot) => Promise<LeasedDatabase>
  limits: Pick<PersistenceLimits, 'maxOlderSnapshots' | 'olderSnapshotIdleMs'>
  onError: (error: unknown) => void
}

type Entry = {
  seq: number
  database: Promise<LeasedDatabase>
  users: number
  accounts: Map<string, AccountUse>
  idle?: ReturnType<typeof setTimeout>
  leaveRoom: () => void
}

/** What one account asks of one snapshot now; it has its place in the shares until the last of it is released. */
type AccountUse = { count: number; leave: () => void }

/** Creates it with nothing open. */
export function createOlderSnapshots(parameters: CreateOlderSnapshotsParameters): OlderSnapshots {
  return new OpenedOnDemand(parameters)
}

class OpenedOnDemand implements OlderSnapshots {
  readonly #parameters: CreateOlderSnapshotsParameters
  /** The one used last is at the end. */
  readonly #entries = new Map<number, Entry>()
  readonly #shares: AccountShares

  constructor(parameters: CreateOlderSnapshotsParameters) {
    this.#parameters = parameters
    this.#shares = createShares(parameters.limits.maxOlderSnapshots)
  }

  use = async (stored: StoredSnapshot, { account, signal }: OlderAsker) => {
    const entry = this.#enter(stored, account)
    this.#entries.delete(entry.seq)
    this.#entries.set(entry.seq, entry)
    clearTimeout(entry.idle)
    entry.users += 1
    let isReleased = false
    const release = () => {
      if (isReleased) return
      isReleased = true
      leaveAccount(entry, account)
      this.#leave(entry)
    }
    try {
      return { database: await whileAsked(entry.database, signal), release }
    } catch (error) {
      release()
      throw error
    }
  }

  keepOnly = (kept: readonly StoredSnapshot[]): void => {
    const seqs = new Set(kept.map(({ snapshot }) => snapshot.seq))
    for (const entry of this.#entries.values()) if (!seqs.has(entry.seq)) this.#drop(entry)
  }

  close = async (): Promise<void> => {
    const all = [...this.#entries.values()]
    this.#entries.clear()
    for (const { idle, leaveRoom } of all) {
      clearTimeout(idle)
      leaveRoom()
    }
    const opened = await Promise.allSettled(all.map(({ database }) => database))
    const databases = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    await Promise.all(databases.map((database) => database.close()))
  }

  /** The entry, with one more use of the account counted. */
  #enter(stored: StoredSnapshot, account: string): Entry {
    const known = this.#entries.get(stored.snapshot.seq)?.accounts.get(account)
    const use = known ?? { count: 0, leave: this.#enterShares(account) }
    try {
      const entry = this.#entryOf(stored)
      use.count += 1
      entry.accounts.set(account, use)
      return entry
    } catch (error) {
      if (use.count === 0) use.leave()
      throw error
    }
  }

  /** Of this dataset and of the node. */
  #enterShares(account: string): () => void {
    const leaveHere = this.#shares.enter(account)
    if (leaveHere === undefined) throw shareUsed()
    const leaveRoom = this.#parameters.room.shares.enter(account)
    if (leaveRoom === undefined) {
      leaveHere()
      throw shareUsed()
    }
    return () => [leaveHere, leaveRoom].forEach((leave) => leave())
  }

  #entryOf(stored: StoredSnapshot): Entry {
    const { seq } = stored.snapshot
    const known = this.#entries.get(seq)
    if (known !== undefined) return known
    this.#makeRoom()
    const isUnused = () => this.#entries.get(seq)?.users === 0
    const drop = () => {
      const entry = this.#entries.get(seq)
      if (entry !== undefined) this.#drop(entry)
    }
    const leaveRoom = this.#parameters.room.enter({ isUnused, drop })
    if (leaveRoom === undefined) throw allInUse()
    const entry: Entry = { seq, database: this.#parameters.open(stored), users: 0, accounts: new Map(), leaveRoom }
    entry.database.catch(() => this.#drop(entry))
    this.#entries.set(seq, entry)
    return entry
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#parameters.limits.maxOlderSnapshots) return
    const unused = [...this.#entries.values()].find(({ users }) => users === 0)
    if (unused === undefined) throw allInUse()
    this.#drop(unused)
  }

  #leave(entry: Entry): void {
    entry.users -= 1
    if (entry.users > 0 || this.#entries.get(entry.seq) !== entry) return
    entry.idle = setTimeout(() => this.#drop(entry), this.#parameters.limits.olderSnapshotIdleMs)
  }

  #drop(entry: Entry): void {
    clearTimeout(entry.idle)
    if (this.#entries.get(entry.seq) === entry) this.#entries.delete(entry.seq)
    // Why one never opened was told to those who waited for it.
    const opened = entry.database.catch(() => undefined)
    const closed = opened.then((database) => database?.retire()).catch(this.#parameters.onError)
    if (entry.users === 0) entry.leaveRoom()
    else void closed.finally(entry.leaveRoom)
  }
}

function leaveAccount({ accounts }: Entry, account: string): void {
  const use = accounts.get(account)
  if (use === undefined) return
  use.count -= 1
  if (use.count > 0) return
  accounts.delete(account)
  use.leave()
}

function shareUsed(): MarketplaceError {
  const message =
    'Your account has as many superseded snapshots in use on this node as one account may; ask for the latest one, or wait for your other queries.'
  return new MarketplaceError({ code: 'rate-limited', message })
}

function allInUse(): MarketplaceError {
  const message = 'Too many superseded snapshots are in use on this node; ask for the latest one, or try again shortly.'
  return new MarketplaceError({ code: 'busy', message })
}

/** What `work` brings; an asker who leaves does not wait for it, and does not end it for the others. */
async function whileAsked<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: left, reject } = Promise.withResolvers<never>()
  const leave = () => reject(aborted(signal))
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  try {
    return await Promise.race([work, left])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
