import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex } from '@enigma/protocol'
import { afterEach, expect, test } from 'vitest'
import { openDatabase } from '../../../store/open-database.ts'
import { relayMigrations } from '../relay-migrations.ts'
import { createObservationStore, type Look } from './observation-store.ts'

const one: Hex = `0x${'11'.repeat(32)}`
const two: Hex = `0x${'22'.repeat(32)}`
const publisher: Hex = `0x${'aa'.repeat(20)}`
const day = 86_400
/** The begin of an hour. */
const start = 1_800_000_000

const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
})

function open(path = ':memory:') {
  const database = openDatabase({ path, migrations: relayMigrations })
  const store = createObservationStore({ database })
  const note = (atSeconds: number, isAnswered = true, head?: Partial<NonNullable<Look['head']>>, dataset = one) => {
    const whole = head && { seq: 1, createdAt: 1, publisher, ...head }
    store.note({ dataset, atSeconds, isAnswered, head: whole })
  }
  const rows = () => database.prepare('SELECT count(*) AS rows FROM relay_observed_hour').get()?.['rows']
  return { database, store, note, rows }
}

test('nothing is told of a dataset that nobody looked at', () => {
  const { store } = open()
  expect(store.observedOf(one, start)).toBeUndefined()
  expect(store.has(one)).toBe(false)
})

test('looks are counted from the first one on, and the newest head stays', () => {
  const { store, note } = open()
  note(start + 10)
  expect(store.observedOf(one, start + 10)).toEqual({ looks: 1, answered: 1, since: start + 10 })
  note(start + 70, true, { seq: 4, createdAt: start + 60 })
  note(start + 3700, false)
  note(start + 3760, true, { seq: 3, createdAt: start + 3750 })
  const head = { seq: 4, createdAt: start + 60 }
  expect(store.observedOf(one, start + 3800)).toEqual({ head, looks: 4, answered: 3, since: start + 10 })
})

test('a head is no newer than the moment at which it was first seen', () => {
  const { store, note } = open()
  note(start, true, { seq: 1, createdAt: Number.MAX_SAFE_INTEGER })
  note(start + 60, true, { seq: 1, createdAt: Number.MAX_SAFE_INTEGER })
  expect(store.observedOf(one, start + 60)?.head).toEqual({ seq: 1, createdAt: start })
})

test('a head of the publisher that the chain names now takes the place of another’s, whatever its number', () => {
  const { store, note } = open()
  note(start, true, { seq: 9 })
  note(start + 60, true, { seq: 2, publisher: `0x${'bb'.repeat(20)}` })
  expect(store.observedOf(one, start + 60)?.head?.seq).toBe(2)
})

test('an hour is forgotten after a day, and a year of looks takes no more room than a day of them', () => {
  const { store, note, rows } = open()
  for (let hour = 0; hour < 24; hour++) note(start + hour * 3600, hour !== 0)
  expect(store.observedOf(one, start + 23 * 3600)).toMatchObject({ looks: 24, answered: 23, since: start })
  expect(store.observedOf(one, start + 24 * 3600)).toMatchObject({ looks: 23, answered: 23, since: start + 3600 })
  expect(store.observedOf(one, start + 2 * day)).toBeUndefined()
  for (let at = start; at < start + 365 * day; at += 7 * 3600) note(at)
  expect(rows()).toBe(24)
})

test('a clock that was set back counts on', () => {
  const { store, note } = open()
  note(start + day)
  note(start)
  expect(store.observedOf(one, start)).toMatchObject({ looks: 1, since: start })
})

test('a restart loses nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-observed-'))
  directories.push(directory)
  const path = join(directory, 'catalogue.db')
  const before = open(path)
  before.note(start, false)
  before.note(start + 60, true, { seq: 4, createdAt: start })
  before.note(start + 5000)
  const told = before.store.observedOf(one, start + 5000)
  before.database.close()
  const { store, note, database } = open(path)
  expect(store.observedOf(one, start + 5000)).toEqual(told)
  note(start + 5060, true, { seq: 3 })
  expect(store.observedOf(one, start + 5060)).toEqual({ ...told, looks: 4, answered: 3 })
  database.close()
})

test('what nobody looked at for a day is dropped, from the disk too; what a reorganisation hid for a while is not', () => {
  const { database, store, note, rows } = open()
  note(start, true, { seq: 1 })
  note(start + 3600, true, { seq: 1 }, two)
  store.dropUnseen(start + day - 1)
  expect([store.has(one), store.has(two)]).toEqual([true, true])
  store.dropUnseen(start + day)
  expect([store.has(one), store.has(two), rows()]).toEqual([false, true, 1])
  expect(database.prepare('SELECT dataset FROM relay_observed_head').all()).toEqual([{ dataset: two }])
})
