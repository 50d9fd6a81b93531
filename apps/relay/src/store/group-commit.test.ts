import { describe, expect, it } from 'vitest'
import { createGroupCommit } from './group-commit.ts'
import { openDatabase } from './open-database.ts'

const migrations = [{ name: 'thing-1', sql: 'CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT' }]

function setUp() {
  const database = openDatabase({ path: ':memory:', migrations })
  const commits = createGroupCommit({ database })
  const insert = database.prepare('INSERT INTO thing (id) VALUES (?)')
  const count = () => database.prepare('SELECT count(*) AS n FROM thing').get()?.['n']
  return { database, commits, count, add: (id: number) => commits.run(() => insert.run(id).changes) }
}

describe('createGroupCommit', () => {
  it('commits what one turn gathered in order, and acknowledges it afterwards', async () => {
    const { commits, add, count } = setUp()
    const order: unknown[] = []
    const adds = [add(1), add(2), commits.run(() => order.push(count()))]
    expect(count()).toBe(0)
    await Promise.all(adds)
    expect(order).toEqual([2])
    expect(count()).toBe(2)
  })

  it('keeps the others when one fails', async () => {
    const { add, count } = setUp()
    const outcomes = await Promise.allSettled([add(1), add(1), add(2)])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(count()).toBe(2)
  })

  it('acknowledges nothing when the commit fails', async () => {
    const { database, add } = setUp()
    const adds = [add(1), add(2)]
    database.close()
    const outcomes = await Promise.allSettled(adds)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  it('flushes at once when asked', () => {
    const { commits, add, count } = setUp()
    const added = add(1)
    commits.flush()
    expect(count()).toBe(1)
    return added
  })
})
