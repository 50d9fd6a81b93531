import type { NodeProbe } from '@enigma/client'
import type { ErrorCode, Hex, NodeRecord, SnapshotHead } from '@enigma/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { openDatabase } from '../../../store/open-database.ts'
import { ManualClock } from '../../../test-support/manual-clock.ts'
import { relayLimits } from '../relay-limits.ts'
import { relayMigrations } from '../relay-migrations.ts'
import type { OpenDataset } from './look-at-dataset.ts'
import { createObservationStore } from './observation-store.ts'
import { startObserver } from './start-observer.ts'

const start = 1_800_000_000
const signer: Hex = `0x${'01'.repeat(20)}`
const publisher: Hex = `0x${'02'.repeat(20)}`
const zero: Hex = `0x${'00'.repeat(32)}`

const idOf = (number: number): Hex => `0x${String(number).padStart(64, '0')}`
const headOf = (dataset: Hex, seq: number): SnapshotHead => ({
  ...{ dataset, seq, previousRoot: zero, root: zero, createdAt: start + seq },
})
const answerOf = (parts: { seq?: number; failure?: ErrorCode }, dataset: Hex): NodeProbe => ({
  isReachable: true,
  roundTripMs: 1,
  engine: undefined,
  head: parts.seq === undefined ? undefined : headOf(dataset, parts.seq),
  tables: undefined,
  failure: parts.failure,
})

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function setUp() {
  const clock = new ManualClock(0)
  const store = createObservationStore({ database: openDatabase({ path: ':memory:', migrations: relayMigrations }) })
  const datasets = new Map<Hex, OpenDataset>()
  const records = new Map<string, Pick<NodeRecord, 'peerId' | 'signer'>>()
  const asked: string[] = []
  const errors: unknown[] = []
  type Says = { seq?: number; failure?: ErrorCode }
  const mind = { says: (_peerId: string): Says | Promise<Says> => ({ seq: 1 }), connected: ['a relay'] }
  const list = (number: number, ...peerIds: string[]) => {
    const id = idOf(number)
    datasets.set(id, { id, metadataHash: zero, publisher, nodes: peerIds.map((peerId) => ({ peerId, signer })) })
    for (const peerId of peerIds) records.set(peerId, { peerId, signer })
    return id
  }
  const observer = startObserver({
    openDatasets: () => [...datasets.values()],
    isOpen: (id) => datasets.has(id),
    hasOtherCompany: (peerIds) => mind.connected.some((peerId) => !peerIds.includes(peerId)),
    nodeRecordOf: (peerId) => records.get(peerId) as NodeRecord | undefined,
    probe: async ({ id }, { peerId }) => {
      asked.push(peerId)
      return answerOf(await mind.says(peerId), id)
    },
    random: () => 0.5,
    store,
    clock,
    nowSeconds: () => start + Math.floor(clock.nowMs() / 1000),
    onError: (error) => errors.push(error),
  })
  stops.push(observer.stop)
  /** Lets the time pass in steps of half a second. */
  const pass = async (seconds: number) => {
    for (let step = 0; step < seconds * 2; step++) {
      await clock.whenWaiting()
      clock.advance(500)
    }
    await clock.whenWaiting()
  }
  const observed = (id: Hex) => store.observedOf(id, start + Math.floor(clock.nowMs() / 1000))
  return { list, datasets, records, asked, errors, mind, pass, observed, observer }
}

test('datasets are looked at again and again; the newest head that a node shows is kept', async () => {
  const { list, pass, observed, mind } = setUp()
  const id = list(1, 'a', 'b')
  mind.says = (peerId) => ({ seq: peerId === 'a' ? 7 : 8 })
  await pass(10)
  expect(observed(id)).toMatchObject({ head: { seq: 8 }, looks: 1, answered: 1 })
  mind.says = (peerId) => (peerId === 'a' ? { failure: 'timeout' } : { failure: 'rate-limited' })
  await pass(120)
  expect(observed(id)).toMatchObject({ head: { seq: 8 }, looks: 3, answered: 3 })
  mind.says = () => ({ failure: 'timeout' })
  await pass(60)
  expect(observed(id)).toMatchObject({ looks: 4, answered: 3 })
})

test.each<ErrorCode>(['no-route', 'snapshot-invalid', 'dataset-unknown', 'snapshot-unknown', 'engine-failed'])(
  'a node that gives %s does not answer',
  async (failure) => {
    const { list, pass, observed, mind } = setUp()
    const id = list(1, 'a')
    await pass(130)
    mind.says = () => ({ failure })
    await pass(60)
    expect(observed(id)).toMatchObject({ looks: 4, answered: 3 })
  },
)

test('a node that has enough to do says nothing of its dataset', async () => {
  const { list, pass, observed, mind, asked } = setUp()
  const id = list(1, 'a')
  await pass(130)
  mind.says = () => ({ failure: 'busy' })
  const before = asked.length
  await pass(60)
  expect(asked.length).toBeGreaterThan(before)
  expect(observed(id)).toMatchObject({ looks: 3, answered: 3 })
  // But for ever busy is not there.
  await pass(300)
  expect(observed(id)?.answered).toBe(3)
  expect(observed(id)?.looks).toBeGreaterThan(3)
})

test('only nodes with a record of the signer that the manifest names are asked, and not too many at once', async () => {
  const { list, pass, asked, records } = setUp()
  list(1, 'a', 'unknown', 'stranger')
  records.delete('unknown')
  records.set('stranger', { peerId: 'stranger', signer: publisher })
  list(2, ...Array.from({ length: 32 }, (_, index) => `node ${index}`))
  await pass(10)
  expect(asked).toHaveLength(1 + relayLimits.nodesPerLook)
  expect(asked).not.toContain('unknown')
  expect(asked).not.toContain('stranger')
})

test('a dataset whose nodes nobody can ask any more is down', async () => {
  const { list, pass, observed, records } = setUp()
  const id = list(1, 'a')
  await pass(130)
  records.clear()
  await pass(60)
  expect(observed(id)).toMatchObject({ looks: 4, answered: 3 })
})

test('a silence that may be this relay’s own is not told of a dataset', async () => {
  const { list, pass, observed, mind } = setUp()
  const id = list(1, 'a')
  await pass(130)
  mind.says = () => ({ failure: 'no-route' })
  mind.connected = ['a']
  await pass(180)
  expect(observed(id)).toMatchObject({ looks: 3, answered: 3 })
  mind.connected = ['a', 'a browser']
  await pass(60)
  expect(observed(id)).toMatchObject({ looks: 4, answered: 3 })
})

test('after a start of the relay its nodes have a while to come back', async () => {
  const { list, pass, observed, mind } = setUp()
  const id = list(1, 'a')
  await pass(10)
  mind.says = () => ({ failure: 'no-route' })
  await pass(100)
  expect(observed(id)).toMatchObject({ looks: 1, answered: 1 })
  await pass(60)
  expect(observed(id)).toMatchObject({ looks: 2, answered: 1 })
})

test('one that has just been listed is not down before its first rows; one that never answers is, after a while', async () => {
  const { list, pass, observed, mind } = setUp()
  const [published, never] = [list(1, 'a'), list(2, 'b')]
  mind.says = () => ({ failure: 'snapshot-unknown' })
  await pass(130)
  expect([observed(published), observed(never)]).toEqual([undefined, undefined])
  mind.says = (peerId) => (peerId === 'a' ? { seq: 1 } : { failure: 'snapshot-unknown' })
  await pass(relayLimits.firstRowsMs / 1000)
  const { looks = 0, answered } = observed(published) ?? {}
  expect(looks).toBeGreaterThan(5)
  expect(answered).toBe(looks)
  expect(observed(never)?.answered).toBe(0)
})

test('one that has just been listed is looked at soon again, and the longer it takes, the later', async () => {
  const { list, pass, observed, mind, asked } = setUp()
  const id = list(1, 'a')
  mind.says = () => ({ failure: 'snapshot-unknown' })
  await pass(20)
  const soon = asked.length
  expect(soon).toBeGreaterThanOrEqual(3)
  mind.says = () => ({ seq: 1 })
  await pass(15)
  expect(observed(id)).toMatchObject({ head: { seq: 1 }, looks: 1, answered: 1 })
  await pass(25)
  expect(asked).toHaveLength(soon + 1)
})

test('a few looks at once; a look that is under way at what left the catalogue is not counted', async () => {
  const { list, datasets, pass, asked, mind, observed } = setUp()
  const ends: (() => void)[] = []
  mind.says = async () => {
    await new Promise<void>((resolve) => ends.push(resolve))
    throw new Error('Its end is the next step.')
  }
  for (let number = 0; number < 10; number++) list(number, `node ${number}`)
  await pass(10)
  expect(asked).toHaveLength(relayLimits.looksAtOnce)
  const gate = Promise.withResolvers<undefined>()
  mind.says = async () => {
    await gate.promise
    return { seq: 1 }
  }
  for (const end of ends) end()
  await pass(10)
  expect(asked).toHaveLength(10)
  const [left, stays] = [idOf(Number(asked[8]?.slice(5))), idOf(Number(asked[9]?.slice(5)))]
  datasets.delete(left)
  gate.resolve(undefined)
  await pass(5)
  expect([observed(left), observed(stays)?.looks]).toEqual([undefined, 1])
})

test('what fails inside is told, and looked at again later', async () => {
  const { list, pass, mind, errors, observed } = setUp()
  const failure = new Error('A fault of ours.')
  mind.says = () => Promise.reject(failure)
  const id = list(1, 'a')
  await pass(10)
  expect(errors).toEqual([failure])
  mind.says = () => ({ seq: 1 })
  await pass(60)
  expect(observed(id)).toMatchObject({ looks: 1, answered: 1 })
})

test('it stops at once, and what was under way is not counted', async () => {
  const { list, pass, mind, observer, observed, asked } = setUp()
  const gate = Promise.withResolvers<undefined>()
  mind.says = async () => {
    await gate.promise
    return { seq: 1 }
  }
  const id = list(1, 'a')
  await pass(10)
  expect(asked).toEqual(['a'])
  const stopped = vi.fn()
  const stopping = observer.stop().then(stopped)
  gate.resolve(undefined)
  await stopping
  expect(observed(id)).toBeUndefined()
})
