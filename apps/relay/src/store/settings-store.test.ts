import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { openDatabase } from './open-database.ts'
import { createSettingsStore, settingsMigrations } from './settings-store.ts'

describe('createSettingsStore', () => {
  const database = openDatabase({ path: ':memory:', migrations: settingsMigrations })
  const store = createSettingsStore({ database })

  it('returns what was set last, and undefined before', () => {
    expect(store.get('record.seq', v.number())).toBeUndefined()
    store.set('record.seq', 1)
    store.set('record.seq', 2)
    expect(store.get('record.seq', v.number())).toBe(2)
  })

  it('refuses a stored value of another form', () => {
    store.set('record.seq', 'two')
    expect(() => store.get('record.seq', v.number())).toThrow(/record\.seq/)
  })
})
