import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase, runInTransaction } from './open-database.ts'

const first = { name: 'thing-1', sql: 'CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT' }
const second = { name: 'thing-2', sql: "ALTER TABLE thing ADD COLUMN name TEXT NOT NULL DEFAULT ''" }

describe('openDatabase', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'enigma-store-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('creates a file that only its owner can read, and migrates it step by step', async () => {
    const path = join(directory, 'inner', 'node.sqlite')
    const old = openDatabase({ path, migrations: [first] })
    old.exec('INSERT INTO thing (id) VALUES (7)')
    old.close()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const updated = openDatabase({ path, migrations: [first, second] })
    expect(updated.prepare('SELECT id, name FROM thing').get()).toEqual({ id: 7, name: '' })
    updated.close()
  })

  it('refuses a database of a newer version and leaves it as it is', () => {
    const path = join(directory, 'newer.sqlite')
    openDatabase({ path, migrations: [first, second] }).close()
    expect(() => openDatabase({ path, migrations: [first] })).toThrow(/newer version/)
    openDatabase({ path, migrations: [first, second] }).close()
  })

  it('applies nothing of a migration that fails', () => {
    const path = join(directory, 'broken.sqlite')
    const broken = { name: 'thing-2', sql: 'CREATE TABLE other (id INTEGER) STRICT; CREATE NONSENSE' }
    expect(() => openDatabase({ path, migrations: [first, broken] })).toThrow(/syntax/)
    const database = openDatabase({ path, migrations: [first, second] })
    expect(database.prepare("SELECT name FROM sqlite_master WHERE name = 'other'").get()).toBeUndefined()
    database.close()
  })

  it('rolls back what a transaction did before it threw', () => {
    const database = openDatabase({ path: ':memory:', migrations: [first] })
    const fail = () =>
      runInTransaction(database, () => {
        database.exec('INSERT INTO thing (id) VALUES (1)')
        throw new Error('stop')
      })
    expect(fail).toThrow('stop')
    expect(database.prepare('SELECT count(*) AS n FROM thing').get()).toEqual({ n: 0 })
    database.close()
  })
})
