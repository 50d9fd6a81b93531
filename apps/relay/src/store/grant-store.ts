/** The revision of each embed's grant that counts of those this node has seen, kept over restarts: others are not obeyed. */
import type { DatabaseSync } from 'node:sqlite'
import { type Grant, type Hex, isPaused, limits, MarketplaceError, outranks } from '@enigma/protocol'
import type { Migration } from './open-database.ts'

export const grantMigrations: readonly Migration[] = [
  {
    name: 'grant-1',
    sql: `CREATE TABLE grant_revision (
            id TEXT PRIMARY KEY, revision INTEGER NOT NULL, hash TEXT NOT NULL, is_paused INTEGER NOT NULL,
            keep_until INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID`,
  },
]

/** A grant that its account's wallet signed, verified, and its hash. */
export type KnownGrant = { grant: Grant; hash: Hex }

export type GrantStore = {
  /** Throws `grant-paused` or `grant-superseded` when another revision counts; writes nothing. */
  require: (known: KnownGrant) => void
  /** Keeps a revision unless one that counts before it is known. */
  note: (known: KnownGrant, nowSeconds: number) => void
}

const notesPerPrune = 256
/** No revision that could still be valid outlives what was noted last by more. */
const keepSeconds = limits.embedSeconds

/** Creates the store on a database that has `grantMigrations`. */
export function createGrantStore({ database }: { database: DatabaseSync }): GrantStore {
  const select = database.prepare('SELECT revision, hash, is_paused FROM grant_revision WHERE id = ?')
  const upsert = database.prepare(
    `INSERT INTO grant_revision (id, revision, hash, is_paused, keep_until) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (id) DO UPDATE SET revision = ?2, hash = ?3, is_paused = ?4, keep_until = ?5
     WHERE revision < ?2 OR (revision = ?2 AND hash > ?3)`,
  )
  const prune = database.prepare('DELETE FROM grant_revision WHERE keep_until < ?')
  let sincePrune = 0
  return {
    require({ grant, hash }) {
      const row = select.get(keyOf(grant))
      if (row === undefined || row['hash'] === hash) return
      const known = { revision: Number(row['revision']), hash: String(row['hash']) as Hex }
      if (outranks({ revision: grant.revision, hash }, known)) return
      throw row['is_paused'] === 1 ? paused() : superseded()
    },
    note({ grant, hash }, nowSeconds) {
      if (++sincePrune >= notesPerPrune) {
        prune.run(nowSeconds)
        sincePrune = 0
      }
      const keepUntil = Math.max(grant.validUntil, nowSeconds) + keepSeconds
      upsert.run(keyOf(grant), grant.revision, hash, isPaused(grant) ? 1 : 0, keepUntil)
    },
  }
}

/** Of the account too: anybody may sign a grant of any id. */
function keyOf({ root, id }: Grant): string {
  return `${root} ${id}`
}

function paused(): MarketplaceError {
  const message = 'The owner of this embed has paused it; try again once it is resumed.'
  return new MarketplaceError({ code: 'grant-paused', message })
}

function superseded(): MarketplaceError {
  const message = 'The owner has signed a newer revision of this grant; fetch it from a relay and ask by that one.'
  return new MarketplaceError({ code: 'grant-superseded', message })
}
