import { expect, test } from 'vitest'
import { lowestSeq } from './lowest-seq.ts'

const latest = { seq: 3, createdAt: 1000 }

test.each([
  ['the first one', { latest: undefined, signedHere: undefined, isComplete: true }, 1],
  ['what was signed here is what the nodes have', { latest, signedHere: 3, isComplete: true }, 4],
  ['it was signed elsewhere', { latest, signedHere: undefined, isComplete: true }, 4 + 11 * 10],
  ['more was signed here than the nodes have', { latest, signedHere: 5, isComplete: true }, 6 + 11 * 10],
  ['a node was silent', { latest, signedHere: 3, isComplete: false }, 4 + 11 * 10],
])('%s', (_, known, expected) => {
  expect(lowestSeq({ ...known, nowSeconds: 1010 })).toBe(expected)
})
