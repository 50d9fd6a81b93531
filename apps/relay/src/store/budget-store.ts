/**
 * Budgets: queries a minute, a day and in total, and bytes a day, by key. The maximum is reserved before a query runs
 * and what it did not use is given back; counters are kept across restarts (DESIGN §6). A node that dies in between
 * keeps the reservation debited: budgets err against the asker, never for it.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { EmbedUsage, Hex } from '@enigma/protocol'
import type { GroupCommit } from './group-commit.ts'
import type { Migration } from './open-database.ts'

export const budgetMigrations: readonly Migration[] = [
  {
    name: 'budget-1',
    sql: `CREATE TABLE budget (
            key TEXT PRIMARY KEY,
            minute INTEGER NOT NULL, minute_queries INTEGER NOT NULL,
            day INTEGER NOT NULL, day_queries INTEGER NOT NULL, day_bytes INTEGER NOT NULL,
            total_queries INTEGER NOT NULL,
            keep_until INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID`,
  },
]

/** Upper bounds of one key; `perMinute`, `perDay` and `total` count queries. */
export type BudgetLimits = { perMinute: number; perDay: number; total: number; bytesPerDay: number }

/** One key to debit; its counters are kept until `keepUntilSeconds` or the end of the day, whichever is later. */
export type BudgetCharge = { key: string; limits: BudgetLimits; keepUntilSeconds: number }

/** Which bound a charge would break, and when it may succeed: never for `total`. */
export type BudgetBreach = { key: string; bound: keyof BudgetLimits; limit: number; retryAtSeconds: number | undefined }

/** What was debited; `settle` gives back what was not used, once. */
export type Reservation = { settle: (used: { queries: 0 | 1; bytes: number }) => void }

/** Queries of the present minute and day, of all time, and bytes of the day. */
export type BudgetCounts = Pick<EmbedUsage, 'minuteQueries' | 'dayQueries' | 'dayBytes' | 'totalQueries'>

/** The key of a wallet's grant: by its id, so that a new revision brings no new budget. */
export function grantBudgetKey({ root, id }: { root: Hex; id: Hex }): string {
  return `grant ${root} ${id}`
}

export type BudgetStore = {
  /** What a key was debited; zeros for one that never was. */
  read: (key: string, nowSeconds: number) => BudgetCounts
  /**
   * Debits one query and `bytes` on every key; on a breach nothing was written. Runs inside the caller's transaction.
   * The keys must differ.
   */
  reserve: (parameters: {
    charges: readonly BudgetCharge[]
    bytes: number
    nowSeconds: number
  }) => Reservation | BudgetBreach
}

const minuteSeconds = 60
const daySeconds = 86_400
const reservesPerPrune = 1024

export type BudgetStoreParts = {
  database: DatabaseSync
  commits: GroupCommit
  /** Told when something could not be given back. */
  onFailure: (error: unknown) => void
}

/** Creates the budget store on a database that has `budgetMigrations`. */
export function createBudgetStore({ database, commits, onFailure }: BudgetStoreParts): BudgetStore {
  const statements = prepareStatements(database)
  let sincePrune = 0
  return {
    read: (key, nowSeconds) =>
      statements.read(key, Math.floor(nowSeconds / minuteSeconds), Math.floor(nowSeconds / daySeconds)),
    reserve({ charges, bytes, nowSeconds }) {
      if (++sincePrune >= reservesPerPrune) {
        statements.prune(nowSeconds)
        sincePrune = 0
      }
      const minute = Math.floor(nowSeconds / minuteSeconds)
      const day = Math.floor(nowSeconds / daySeconds)
      const debits = charges.map((charge) => ({
        charge,
        after: added(statements.read(charge.key, minute, day), bytes),
      }))
      for (const { charge, after } of debits) {
        const breach = breachOf(charge, after, minute, day)
        if (breach !== undefined) return breach
      }
      for (const { charge, after } of debits) {
        const keepUntil = Math.max(charge.keepUntilSeconds, (day + 1) * daySeconds)
        statements.write(charge.key, minute, day, after, keepUntil)
      }
      const giveBack = (queries: number, rest: number) => {
        const work = () => {
          for (const { key } of charges) statements.giveBack(key, minute, day, queries, rest)
        }
        commits.run(work).catch(onFailure)
      }
      return createReservation({ bytes, giveBack })
    },
  }
}

function added(counters: BudgetCounts, bytes: number): BudgetCounts {
  return {
    minuteQueries: counters.minuteQueries + 1,
    dayQueries: counters.dayQueries + 1,
    dayBytes: counters.dayBytes + bytes,
    totalQueries: counters.totalQueries + 1,
  }
}

function breachOf({ key, limits }: BudgetCharge, after: BudgetCounts, minute: number, day: number) {
  const nextDay = (day + 1) * daySeconds
  const breach = (bound: keyof BudgetLimits, retryAtSeconds: number | undefined): BudgetBreach => ({
    key,
    bound,
    limit: limits[bound],
    retryAtSeconds,
  })
  if (after.totalQueries > limits.total) return breach('total', undefined)
  if (after.dayQueries > limits.perDay) return breach('perDay', nextDay)
  if (after.dayBytes > limits.bytesPerDay) return breach('bytesPerDay', nextDay)
  if (after.minuteQueries > limits.perMinute) return breach('perMinute', (minute + 1) * minuteSeconds)
  return undefined
}

function prepareStatements(database: DatabaseSync) {
  const select = database.prepare('SELECT * FROM budget WHERE key = ?')
  const upsert = database.prepare(
    `INSERT INTO budget (key, minute, minute_queries, day, day_queries, day_bytes, total_queries, keep_until)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
     ON CONFLICT (key) DO UPDATE SET minute = ?2, minute_queries = ?3, day = ?4, day_queries = ?5, day_bytes = ?6,
       total_queries = ?7, keep_until = max(keep_until, ?8)`,
  )
  const giveBack = database.prepare(
    `UPDATE budget SET
       minute_queries = max(0, minute_queries - CASE WHEN minute = ?2 THEN ?4 ELSE 0 END),
       day_queries = max(0, day_queries - CASE WHEN day = ?3 THEN ?4 ELSE 0 END),
       day_bytes = max(0, day_bytes - CASE WHEN day = ?3 THEN ?5 ELSE 0 END),
       total_queries = max(0, total_queries - ?4)
     WHERE key = ?1`,
  )
  const prune = database.prepare('DELETE FROM budget WHERE keep_until < ?')
  return {
    read(key: string, minute: number, day: number): BudgetCounts {
      const row = select.get(key)
      const of = (column: string) => Number(row?.[column] ?? 0)
      const sameDay = of('day') === day
      return {
        minuteQueries: of('minute') === minute ? of('minute_queries') : 0,
        dayQueries: sameDay ? of('day_queries') : 0,
        dayBytes: sameDay ? of('day_bytes') : 0,
        totalQueries: of('total_queries'),
      }
    },
    write(key: string, minute: number, day: number, counters: BudgetCounts, keepUntil: number): void {
      const { minuteQueries, dayQueries, dayBytes, totalQueries } = counters
      upsert.run(key, minute, minuteQueries, day, dayQueries, dayBytes, totalQueries, keepUntil)
    },
    giveBack(key: string, minute: number, day: number, queries: number, bytes: number): void {
      giveBack.run(key, minute, day, queries, bytes)
    },
    prune(nowSeconds: number): void {
      prune.run(nowSeconds)
    },
  }
}

function createReservation({
  bytes,
  giveBack,
}: {
  bytes: number
  giveBack: (queries: number, bytes: number) => void
}): Reservation {
  let settled = false
  return {
    settle(used) {
      if (settled) return
      settled = true
      const queries = 1 - used.queries
      const rest = Math.max(0, bytes - used.bytes)
      if (queries > 0 || rest > 0) giveBack(queries, rest)
    },
  }
}
