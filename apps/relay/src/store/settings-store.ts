/** Small run-time values that must survive a restart, such as the highest sequence number this node ever signed. */
import type { DatabaseSync } from 'node:sqlite'
import { MarketplaceError } from '@enigma/protocol'
import * as v from 'valibot'
import type { Migration } from './open-database.ts'

export const settingsMigrations: readonly Migration[] = [
  { name: 'setting-1', sql: 'CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID' },
]

export type SettingsStore = {
  /** Reads a value of a schema, or undefined; throws `setting-invalid` for a stored value of another form. */
  get<Schema extends v.GenericSchema>(name: string, schema: Schema): v.InferOutput<Schema> | undefined
  /** Stores a JSON value; committed when it returns. */
  set(name: string, value: unknown): void
}

/** Creates the store of run-time values on a database that has `settingsMigrations`. */
export function createSettingsStore({ database }: { database: DatabaseSync }): SettingsStore {
  const select = database.prepare('SELECT value FROM setting WHERE name = ?')
  const upsert = database.prepare(
    'INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2',
  )
  return {
    get(name, schema) {
      const row = select.get(name)
      if (row === undefined) return undefined
      const parsed = v.safeParse(schema, JSON.parse(String(row['value'])))
      if (parsed.success) return parsed.output
      throw new MarketplaceError({
        code: 'setting-invalid',
        message: `The stored value ${name} is not of the expected form; restore the node's data from a backup.`,
        details: parsed.issues[0].message,
      })
    },
    set(name, value) {
      upsert.run(name, JSON.stringify(value))
    },
  }
}
