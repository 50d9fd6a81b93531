import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BudgetCharge, type BudgetLimits, budgetMigrations, createBudgetStore } from './budget-store.ts'
import { createGroupCommit } from './group-commit.ts'
import { openDatabase, runInTransaction } from './open-database.ts'

const generous: BudgetLimits = { perMinute: 1000, perDay: 1000, total: 1000, bytesPerDay: 1e9 }
const charge = (key: string, limits: Partial<BudgetLimits> = {}): BudgetCharge => ({
  key,
  limits: { ...generous, ...limits },
  keepUntilSeconds: 10 * 86_400,
})
const noon = 43_200

function setUp(path = ':memory:') {
  const database = openDatabase({ path, migrations: budgetMigrations })
  const commits = createGroupCommit({ database })
  const store = createBudgetStore({ database, commits, onFailure: (error) => expect.unreachable(String(error)) })
  return {
    close: () => {
      commits.flush()
      database.close()
    },
    reserve: (charges: BudgetCharge[], nowSeconds: number, bytes = 0) => {
      commits.flush()
      return runInTransaction(database, () => store.reserve({ charges, bytes, nowSeconds }))
    },
  }
}

describe('createBudgetStore', () => {
  it('counts by minute, by day and in all, and says which bound broke and when it lifts', () => {
    const { reserve, close } = setUp()
    const one = [charge('a', { perMinute: 2, perDay: 3, total: 4 })]
    expect(reserve(one, noon)).toHaveProperty('settle')
    expect(reserve(one, noon + 59)).toHaveProperty('settle')
    expect(reserve(one, noon + 59)).toMatchObject({ bound: 'perMinute', limit: 2, retryAtSeconds: noon + 60 })
    expect(reserve(one, noon + 60)).toHaveProperty('settle')
    expect(reserve(one, noon + 120)).toMatchObject({ bound: 'perDay', retryAtSeconds: 86_400 })
    expect(reserve(one, 86_400)).toHaveProperty('settle')
    expect(reserve(one, 2 * 86_400)).toMatchObject({ bound: 'total', retryAtSeconds: undefined })
    close()
  })

  it('debits every key or none', () => {
    const { reserve, close } = setUp()
    const both = [charge('wide'), charge('narrow', { total: 1 })]
    expect(reserve(both, noon)).toHaveProperty('settle')
    for (let index = 0; index < 5; index++) expect(reserve(both, noon)).toMatchObject({ key: 'narrow' })
    expect(reserve([charge('wide', { total: 2 })], noon)).toHaveProperty('settle')
    close()
  })

  it('gives back what was not used, once, and nothing to another day', () => {
    const { reserve, close } = setUp()
    const one = [charge('a', { perMinute: 1, bytesPerDay: 100 })]
    const first = reserve(one, noon, 100)
    if (!isReservation(first)) throw new TypeError('reserved')
    first.settle({ queries: 0, bytes: 40 })
    first.settle({ queries: 0, bytes: 0 })
    expect(reserve(one, noon, 61)).toMatchObject({ bound: 'bytesPerDay' })
    const second = reserve(one, noon, 60)
    if (!isReservation(second)) throw new TypeError('reserved')
    expect(reserve(one, 86_400 + noon, 100)).toHaveProperty('settle')
    second.settle({ queries: 0, bytes: 0 })
    expect(reserve(one, 86_400 + noon + 60, 1)).toMatchObject({ bound: 'bytesPerDay' })
    close()
  })

  it('keeps counters across a restart', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'enigma-budget-'))
    const before = setUp(join(directory, 'budget.sqlite'))
    before.reserve([charge('a', { total: 1 })], noon)
    before.close()
    const after = setUp(join(directory, 'budget.sqlite'))
    expect(after.reserve([charge('a', { total: 1 })], noon)).toMatchObject({ bound: 'total' })
    after.close()
    await rm(directory, { recursive: true })
  })

  it('never admits more than a bound, whatever is given back in whatever order', () => {
    const step = fc.record({ seconds: fc.integer({ min: 0, max: 40 }), giveBack: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, perMinute) => {
        const { reserve, close } = setUp()
        const used = new Map<number, number>()
        let now = noon
        for (const { seconds, giveBack } of steps) {
          now += seconds
          const minute = Math.floor(now / 60)
          const result = reserve([charge('a', { perMinute })], now)
          const spent = used.get(minute) ?? 0
          expect(isReservation(result)).toBe(spent < perMinute)
          if (!isReservation(result)) continue
          if (giveBack) result.settle({ queries: 0, bytes: 0 })
          else used.set(minute, spent + 1)
        }
        close()
      }),
      { numRuns: 50 },
    )
  })
})

function isReservation(value: unknown): value is { settle(used: { queries: 0 | 1; bytes: number }): void } {
  return typeof value === 'object' && value !== null && 'settle' in value
}
