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

export type CreateOlderSnapshotsParameters = {
  open: (stored: StoredSnapshot) => Promise<LeasedDatabase>
  limits: Pick<PersistenceLimits, 'maxOlderSnapshots' | 'olderSnapshotIdleMs'>
  onError: (error: unknown) => void
}

type Entry = { seq: number; database: Promise<LeasedDatabase>; users: number; idle?: ReturnType<typeof setTimeout> }

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
    for (const entry of all) clearTimeout(entry.idle)
    const opened = await Promise.allSettled(all.map(({ database }) => database))
    const databases = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    await Promise.all(databases.map((database) => database.close()))
  }

  #entryOf(stored: StoredSnapshot): Entry {
    const { seq } = stored.snapshot
    const known = this.#entries.get(seq)
    if (known !== undefined) return known
    this.#makeRoom()
    const entry: Entry = { seq, database: this.#parameters.open(stored), users: 0 }
    entry.database.catch(() => this.#drop(entry))
    this.#entries.set(seq, entry)
    return entry
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#parameters.limits.maxOlderSnapshots) return
    const unused = [...this.#entries.values()].find(({ users }) => users === 0)
    if (unused === undefined) {
      const message =
        'Too many superseded snapshots are in use on this node; ask for the latest one, or try again shortly.'
      throw new MarketplaceError({ code: 'busy', message })
    }
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
    opened.then((database) => database?.retire()).catch(this.#parameters.onError)
  }
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
