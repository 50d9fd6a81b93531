import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeFreshness, describeUptime } from '#lib/discover/describe-observation.ts'
import { readObservation } from './read-observation.ts'

const honest = { head: { seq: 3, createdAt: 900 }, looks: 4, answered: 3, since: 500 }

test('what a relay saw is read', () => {
  expect(readObservation(honest)).toEqual(honest)
  const { looks, answered, since } = honest
  expect(readObservation({ looks, answered, since })).toEqual({ looks, answered, since })
  expect(readObservation(undefined)).toBeUndefined()
})

test.each<[string, object]>([
  ['no look', { looks: 0, answered: 0 }],
  ['more answers than looks', { answered: 5 }],
  ['less than none', { answered: -1 }],
  ['parts of a look', { looks: 4.5 }],
  ['no number', { looks: '4' }],
  ['Infinity', { looks: Infinity }],
  ['a time that no calendar has', { since: Number.MAX_SAFE_INTEGER }],
  ['no time', { since: null }],
])('a relay that tells of %s tells nothing', (_, lie) => {
  expect(readObservation({ ...honest, ...lie })).toBeUndefined()
})

test.each([{ createdAt: 8.64e15 }, { createdAt: -1 }, { createdAt: 'now' }, { seq: -1 }, { seq: {} }])(
  'a snapshot of %j is none, and the looks stay',
  (lie) => {
    expect(readObservation({ ...honest, head: { ...honest.head, ...lie } })).toEqual({ ...honest, head: undefined })
  },
)

const number = fc.oneof(fc.integer(), fc.nat(10), fc.double(), fc.maxSafeInteger())
const like = fc.record(
  {
    head: fc.oneof(fc.anything(), fc.record({ seq: number, createdAt: number })),
    looks: number,
    answered: number,
    since: number,
  },
  { requiredKeys: [] },
)

test('whatever a relay says, the page has words for it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), like), fc.nat(4_000_000_000), (said, nowSeconds) => {
      const observed = readObservation(said)
      const freshness = observed === undefined ? [] : [describeFreshness(observed, nowSeconds)]
      for (const { text, title } of [...freshness, describeUptime(observed, nowSeconds)]) {
        expect(text).not.toMatch(/NaN|undefined|Infinity/)
        expect(text.length).toBeLessThan(60)
        expect(title.length).toBeLessThan(300)
      }
    }),
  )
})
