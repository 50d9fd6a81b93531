/**
 * Opens one of the node's SQLite databases (node:sqlite) and brings its tables up to date. WAL with `synchronous =
 * NORMAL`: what is committed survives the death of the process (kill -9), because the log is in the kernel's hands; a
 * crash of the machine may lose the last commits, so whoever depends on them must know when the machine started.
 */
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MarketplaceError } from '@enigma/protocol'

/** One step of a schema: SQL that runs once, under a name of its own (`nonce-1`); never changed after a release. */
export type Migration = { readonly name: string; readonly sql: string }

export type OpenDatabaseParameters = {
  /** File path, or `:memory:`. */
  path: string
  migrations: readonly Migration[]
}

/** A checkpoint waits for the disk: 16 MiB of log between two of them keep that away from single queries. */
const pragmas = [
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'busy_timeout = 2000',
  'cache_size = -16384',
  'wal_autocheckpoint = 4096',
]

/** Opens a database, mode 0600, creating and migrating it; throws `setting-invalid` for one of a newer version. */
export function openDatabase({ path, migrations }: OpenDatabaseParameters): DatabaseSync {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  try {
    if (path !== ':memory:') chmodSync(path, 0o600)
    for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`)
    migrate(database, migrations, path)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function migrate(database: DatabaseSync, migrations: readonly Migration[], path: string): void {
  database.exec('CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID')
  const rows = database.prepare('SELECT name FROM migration').all()
  const applied = new Set(rows.map((row) => String(row['name'])))
  const unknown = [...applied].filter((name) => !migrations.some((migration) => migration.name === name))
  if (unknown.length > 0) {
    throw new MarketplaceError({
      code: 'setting-invalid',
      message: `${path} was written by a newer version of this program; update the program, or restore a backup.`,
      details: `unknown: ${unknown.join(', ')}`,
    })
  }
  const record = database.prepare('INSERT INTO migration (name) VALUES (?)')
  for (const { name, sql } of migrations.filter((migration) => !applied.has(migration.name))) {
    runInTransaction(database, () => {
      database.exec(sql)
      record.run(name)
    })
  }
}

/** Runs synchronous work in one transaction: all of it is committed, or nothing when it throws. */
export function runInTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
