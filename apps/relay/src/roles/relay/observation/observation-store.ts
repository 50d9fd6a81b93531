/**
 * What this relay saw of each dataset, on disk (node:sqlite) and in memory: the newest head that a node showed, and of
 * the last 24 hours how often the relay looked and how often a node answered. It is bounded: of one dataset one head and
 * one row for each hour of the day, which the next day overwrites.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Observation } from '@enigma/catalogue'
import type { Hex, SnapshotHead } from '@enigma/protocol'
import { runInTransaction } from '../../../store/open-database.ts'

/** One look at a dataset's nodes. */
export type Look = {
  dataset: Hex
  atSeconds: number
  /** Whether one of them answered. */
  isAnswered: boolean
  /** The newest head that one of them showed; `publisher` is whose signature was verified. */
  head?: (Pick<SnapshotHead, 'seq' | 'createdAt'> & { publisher: Hex }) | undefined
}

export type ObservationStore = {
  note: (look: Look) => void
  /** Undefined when there was no look in the last 24 hours. */
  observedOf: (dataset: Hex, nowSeconds: number) => Observation | undefined
  /** Whether a look at the dataset was ever noted. */
  has: (dataset: Hex) => boolean
  /** Drops the datasets that were not looked at in the last 24 hours. */
  dropUnseen: (nowSeconds: number) => void
}

type Head = NonNullable<Look['head']>
/** `hour` counts from 1970; `beganAt` is the first look in it. */
type Hour = { hour: number; beganAt: number; looks: number; answered: number }
type Seen = { head: Head | undefined; hours: Map<number, Hour> }

/** Of the hours that are kept; the present one has begun, so that they cover 23 to 24 hours. */
const slots = 24
const hourSeconds = 3600

/** The store of a database that has `relayMigrations`. */
export function createObservationStore({ database }: { database: DatabaseSync }): ObservationStore {
  const table = createTables(database)
  const seen = table.read()
  return {
    note(look) {
      const { dataset } = look
      const before = seen.get(dataset)
      const head = newestHead(before?.head, look)
      const hour = addToHour(before?.hours, look)
      runInTransaction(database, () => {
        table.putHour(dataset, hour)
        if (head !== undefined && head !== before?.head) table.putHead(dataset, head)
      })
      const hours = before?.hours ?? new Map<number, Hour>()
      hours.set(hour.hour % slots, hour)
      seen.set(dataset, { head, hours })
    },
    observedOf: (dataset, nowSeconds) => toObservation(seen.get(dataset), nowSeconds),
    has: (dataset) => seen.has(dataset),
    dropUnseen(nowSeconds) {
      const isSeen = (dataset: Hex) => toObservation(seen.get(dataset), nowSeconds) !== undefined
      for (const dataset of [...seen.keys()].filter((each) => !isSeen(each))) {
        runInTransaction(database, () => table.drop(dataset))
        seen.delete(dataset)
      }
    },
  }
}

/**
 * A publisher may date a head as she likes: none is newer than the moment at which it was first seen. One of another
 * publisher is the present one's, for no other is verified.
 */
function newestHead(before: Head | undefined, { head, atSeconds }: Look): Head | undefined {
  if (head === undefined) return before
  if (before?.publisher === head.publisher && before.seq >= head.seq) return before
  const { seq, createdAt, publisher } = head
  return { seq, createdAt: Math.min(createdAt, atSeconds), publisher }
}

function addToHour(hours: Seen['hours'] | undefined, { atSeconds, isAnswered }: Look): Hour {
  const hour = Math.floor(atSeconds / hourSeconds)
  const kept = hours?.get(hour % slots)
  const before = kept?.hour === hour ? kept : { beganAt: atSeconds, looks: 0, answered: 0 }
  const { beganAt, looks, answered } = before
  return { hour, beganAt, looks: looks + 1, answered: answered + Number(isAnswered) }
}

function toObservation(seen: Seen | undefined, nowSeconds: number): Observation | undefined {
  const now = Math.floor(nowSeconds / hourSeconds)
  const hours = [...(seen?.hours.values() ?? [])].filter(({ hour }) => hour > now - slots && hour <= now)
  if (seen === undefined || hours.length === 0) return undefined
  const { head } = seen
  return {
    ...(head && { head: { seq: head.seq, createdAt: head.createdAt } }),
    looks: hours.reduce((sum, { looks }) => sum + looks, 0),
    answered: hours.reduce((sum, { answered }) => sum + answered, 0),
    since: Math.min(...hours.map(({ beganAt }) => beganAt)),
  }
}

function createTables(database: DatabaseSync) {
  const upsertHour = database.prepare(
    `INSERT INTO relay_observed_hour (dataset, slot, hour, began_at, looks, answered) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
     ON CONFLICT (dataset, slot) DO UPDATE SET hour = ?3, began_at = ?4, looks = ?5, answered = ?6`,
  )
  const upsertHead = database.prepare(
    `INSERT INTO relay_observed_head (dataset, seq, created_at, publisher) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (dataset) DO UPDATE SET seq = ?2, created_at = ?3, publisher = ?4`,
  )
  const selectHours = database.prepare('SELECT * FROM relay_observed_hour')
  const selectHeads = database.prepare('SELECT * FROM relay_observed_head')
  const dropHours = database.prepare('DELETE FROM relay_observed_hour WHERE dataset = ?')
  const dropHead = database.prepare('DELETE FROM relay_observed_head WHERE dataset = ?')
  return {
    putHour(dataset: Hex, { hour, beganAt, looks, answered }: Hour) {
      upsertHour.run(dataset, hour % slots, hour, beganAt, looks, answered)
    },
    putHead(dataset: Hex, { seq, createdAt, publisher }: Head) {
      upsertHead.run(dataset, seq, createdAt, publisher)
    },
    drop(dataset: Hex) {
      dropHours.run(dataset)
      dropHead.run(dataset)
    },
    read(): Map<Hex, Seen> {
      const seen = new Map<Hex, Seen>()
      for (const row of selectHours.all()) {
        const dataset = String(row['dataset']) as Hex
        const known = seen.get(dataset) ?? { head: undefined, hours: new Map<number, Hour>() }
        const [hour, looks, answered] = [Number(row['hour']), Number(row['looks']), Number(row['answered'])]
        known.hours.set(Number(row['slot']), { hour, beganAt: Number(row['began_at']), looks, answered })
        seen.set(dataset, known)
      }
      for (const row of selectHeads.all()) {
        const known = seen.get(String(row['dataset']) as Hex)
        const publisher = String(row['publisher']) as Hex
        if (known) known.head = { seq: Number(row['seq']), createdAt: Number(row['created_at']), publisher }
      }
      return seen
    },
  }
}
