/**
 * Superseded snapshots that somebody still asks for: each is opened once for all who name it, few at a time, and closed
 * when nobody has asked for a while.
 */
import { aborted } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import type { StoredSnapshot } from '../../snapshot/dataset-snapshots.ts'
import type { LeasedDatabase } from './leased-database.ts'
import type { PersistenceLimits } from './persistence-limits.ts'

export type OlderSnapshots = {
  /** The open database, and how to let it go; throws `busy` when too many others are in use. */
  use: (stored: StoredSnapshot, signal: AbortSignal) => Promise<{ database: LeasedDatabase; release: () => void }>
  /** Closes those that the store no longer keeps, once their readers have left. */
  keepOnly: (kept: readonly StoredSnapshot[]) => void
  close: () => Promise<void>
}

/** What the older snapshots of all datasets share: how many may be open on this node. */
export type OlderRoom = {
  /** Takes a place, of one that nobody uses where there is no other; returns how to leave it, or undefined. */
  enter: (place: OlderPlace) => (() => void) | undefined
}
/** `drop` leaves the place at once where it is unused. */
type OlderPlace = { isUnused: () => boolean; drop: () => void }

/** Creates the room: one subscriber of many datasets must not open twice as many databases. */
export function createOlderRoom({ places }: { places: number }): OlderRoom {
  const taken = new Set<OlderPlace>()
  return {
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
  idle?: ReturnType<typeof setTimeout>
  leaveRoom: () => void
}

/** Creates it with nothing open. */
export function createOlderSnapshots(parameters: CreateOlderSnapshotsParameters): OlderSnapshots {
  return new OpenedOnDemand(parameters)
}

class OpenedOnDemand implements OlderSnapshots {
  readonly #parameters: CreateOlderSnapshotsParameters
  /** The one used last is at the end. */
  readonly #entries = new Map<number, Entry>()

  constructor(parameters: CreateOlderSnapshotsParameters) {
    this.#parameters = parameters
  }

  use = async (stored: StoredSnapshot, signal: AbortSignal) => {
    const entry = this.#entryOf(stored)
    this.#entries.delete(entry.seq)
    this.#entries.set(entry.seq, entry)
    clearTimeout(entry.idle)
    entry.users += 1
    let isReleased = false
    const release = () => {
      if (isReleased) return
      isReleased = true
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
    const entry: Entry = { seq, database: this.#parameters.open(stored), users: 0, leaveRoom }
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
