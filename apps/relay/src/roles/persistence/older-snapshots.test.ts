import { afterEach, describe, expect, it, vi } from 'vitest'
import type { StoredSnapshot } from '../../snapshot/dataset-snapshots.ts'
import type { EngineDatabase } from './engine/engine.ts'
import { createLeasedDatabase } from './leased-database.ts'
import { createOlderRoom, createOlderSnapshots } from './older-snapshots.ts'

/** Each time another account, unless it is named. */
let accounts = 0
const asked = (account = `account-${++accounts}`, signal = new AbortController().signal) => ({ account, signal })
const snapshotOf = (seq: number) => ({ snapshot: { seq } }) as StoredSnapshot

function setUp({ failing = 0, room = createOlderRoom({ places: 8 }) } = {}) {
  const opened: number[] = []
  const closed: number[] = []
  const errors: unknown[] = []
  let failures = failing
  const older = createOlderSnapshots({
    room,
    async open({ snapshot: { seq } }) {
      opened.push(seq)
      await Promise.resolve()
      if (failures-- > 0) throw new Error('no such file')
      const database: EngineDatabase = {
        stream: () => expect.fail('nobody streams'),
        health: { processes: 0, busy: 0, waiting: 0, killed: 0 },
        close() {
          closed.push(seq)
          return Promise.resolve()
        },
      }
      return createLeasedDatabase({ database, onClosed: () => Promise.resolve() })
    },
    limits: { maxOlderSnapshots: 2, olderSnapshotIdleMs: 1000 },
    onError: (error) => errors.push(error),
  })
  return { older, opened, closed, errors }
}

describe('createOlderSnapshots', () => {
  afterEach(() => vi.useRealTimers())

  it('opens a snapshot once for all who name it', async () => {
    const { older, opened } = setUp()
    const uses = await Promise.all(Array.from({ length: 20 }, () => older.use(snapshotOf(1), asked())))
    expect(opened).toEqual([1])
    for (const { release } of uses) release()
    await older.use(snapshotOf(1), asked())
    expect(opened).toEqual([1])
  })

  it('is busy when all are in use, and makes room of one that is not', async () => {
    const { older, opened, closed } = setUp()
    const first = await older.use(snapshotOf(1), asked())
    await older.use(snapshotOf(2), asked())
    await expect(older.use(snapshotOf(3), asked())).rejects.toMatchObject({ code: 'busy' })
    first.release()
    first.release()
    await older.use(snapshotOf(3), asked())
    await expect.poll(() => closed).toEqual([1])
    expect(opened).toEqual([1, 2, 3])
  })

  it('shares its places with the other datasets of the node', async () => {
    const room = createOlderRoom({ places: 3 })
    const [one, two] = [setUp({ room }), setUp({ room })]
    const first = await one.older.use(snapshotOf(1), asked())
    await one.older.use(snapshotOf(2), asked())
    await two.older.use(snapshotOf(1), asked())
    await expect(two.older.use(snapshotOf(2), asked())).rejects.toMatchObject({ code: 'busy' })
    first.release()
    await two.older.use(snapshotOf(2), asked())
    await expect.poll(() => one.closed).toEqual([1])
    await expect(one.older.use(snapshotOf(1), asked())).rejects.toMatchObject({ code: 'busy' })
    await two.older.close()
    await one.older.use(snapshotOf(1), asked())
  })

  it('leaves half of the places to the other accounts, of a dataset and of the node', async () => {
    const room = createOlderRoom({ places: 4 })
    const datasets = [setUp({ room }), setUp({ room }), setUp({ room })]
    const [one, two, three] = datasets.map(({ older }) => older)
    const greedy = () => asked('greedy')
    const first = await one?.use(snapshotOf(1), greedy())
    const again = await one?.use(snapshotOf(1), greedy())
    await expect(one?.use(snapshotOf(2), greedy())).rejects.toMatchObject({ code: 'rate-limited' })
    await one?.use(snapshotOf(2), asked())
    await two?.use(snapshotOf(1), greedy())
    await expect(three?.use(snapshotOf(1), greedy())).rejects.toMatchObject({ code: 'rate-limited' })
    await three?.use(snapshotOf(1), asked())
    first?.release()
    await expect(three?.use(snapshotOf(1), greedy())).rejects.toMatchObject({ code: 'rate-limited' })
    again?.release()
    await three?.use(snapshotOf(1), greedy())
  })

  it('counts nothing for an account whose snapshot could not be opened', async () => {
    const { older } = setUp({ failing: 1 })
    await expect(older.use(snapshotOf(1), asked('unlucky'))).rejects.toThrow('no such file')
    await older.use(snapshotOf(2), asked('unlucky'))
  })

  it('closes what nobody has asked for in a while', async () => {
    vi.useFakeTimers()
    const { older, closed } = setUp()
    const use = await older.use(snapshotOf(1), asked())
    await vi.advanceTimersByTimeAsync(5000)
    expect(closed).toEqual([])
    use.release()
    await vi.advanceTimersByTimeAsync(1000)
    expect(closed).toEqual([1])
  })

  it('lets an asker go who does not want to wait, and opens for the others', async () => {
    const { older } = setUp()
    const gone = new AbortController()
    const left = older.use(snapshotOf(1), asked('leaving', gone.signal))
    const other = older.use(snapshotOf(1), asked())
    gone.abort()
    await expect(left).rejects.toMatchObject({ code: 'aborted' })
    expect((await other).database.database.health.processes).toBe(0)
  })

  it('tries again after one that could not be opened', async () => {
    const { older, opened, errors } = setUp({ failing: 1 })
    await expect(older.use(snapshotOf(1), asked())).rejects.toThrow('no such file')
    await older.use(snapshotOf(1), asked())
    expect(opened).toEqual([1, 1])
    expect(errors).toEqual([])
  })

  it('closes those that are no longer kept when their readers have left, and all at the end', async () => {
    const { older, closed } = setUp()
    const first = await older.use(snapshotOf(1), asked())
    const lease = first.database.lease()
    await older.use(snapshotOf(2), asked())
    older.keepOnly([snapshotOf(2)])
    expect(closed).toEqual([])
    lease()
    first.release()
    await expect.poll(() => closed).toEqual([1])
    await older.close()
    expect(closed).toEqual([1, 2])
  })
})
