import { expect, test } from 'vitest'
import { describeFreshness, describeUptime } from './describe-observation.ts'

const now = 1_800_000_000
const seen = (parts: object) => ({ looks: 1000, answered: 992, since: now - 80_000, ...parts })

test.each([
  [40, 'Updated 40 seconds ago'],
  [3 * 3600, 'Updated 3 hours ago'],
  [0, 'Updated now'],
  [-500, 'Updated now'],
])('a snapshot %i seconds old: %s', (age, text) => {
  const described = describeFreshness(seen({ head: { seq: 1234, createdAt: now - age } }), now)
  expect(described.text).toBe(text)
  expect(described.title).toMatch(/^Snapshot 1,234, signed .+ One relay’s word, not checked with the chain\.$/)
})

test.each([
  [{}, '99.2 % up'],
  [{ answered: 1000 }, '100 % up'],
  [{ looks: 100_000, answered: 99_999 }, '99.9 % up'],
  [{ looks: 100_000, answered: 1 }, '0.1 % up'],
  [{ answered: 0 }, '0 % up'],
  [{ since: now - 12 * 60, looks: 12, answered: 12 }, '100 % up, watched for 12 min'],
  [{ since: now - 5, looks: 1, answered: 1 }, '100 % up, watched for 1 min'],
  [{ since: now + 99, looks: 2, answered: 1 }, '50.0 % up, watched for 1 min'],
])('%j is %s', (parts, text) => {
  const described = describeUptime(seen(parts), now)
  expect(described.text).toBe(text)
  expect(described.title).toContain('One relay’s word')
})

test('what is not known is no zero', () => {
  expect(describeUptime(undefined, now).text).toBe('Not watched yet')
  expect(describeFreshness(seen({}), now).text).toBe('Update not shown')
})
