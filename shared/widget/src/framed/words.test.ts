import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMessageBound, framedAttributes, nonceOf, readFirst, readFromFrame, readToFrame } from './words.ts'

const nonce = 'ab'.repeat(16)
const values = { ...Object.fromEntries(framedAttributes.map((name) => [name, null])), sql: 'SELECT 1' }
const anything = fc.anything({ withBigInt: true, withMap: true, withDate: true, withSparseArray: true })

describe('what a page says', () => {
  test('the first message is for the frame of its nonce', () => {
    expect(readFirst({ enigma: 'frame', nonce, values }, nonce)).toEqual(values)
    expect(readFirst({ enigma: 'frame', nonce: 'cd'.repeat(16), values }, nonce)).toBeUndefined()
    expect(readFirst({ enigma: 'other', nonce, values }, nonce)).toBeUndefined()
    expect(readFirst({ enigma: 'frame', nonce }, nonce)).toBeUndefined()
  })

  test.each(['', '#', `#${nonce}0`, `#${'G'.repeat(32)}`, nonce])('"%s" holds no nonce', (hash) => {
    expect(nonceOf(hash)).toBeUndefined()
  })

  test('attributes that are not a page’s to say are dropped, and what is too long refused', () => {
    const said = {
      ...values,
      network: 'https://evil.example',
      relay: '/x',
      grant: '0x',
      access: 'sample',
      onclick: 'x',
    }
    expect(readToFrame({ kind: 'values', values: said, rows: 7 })).toEqual({ kind: 'values', values })
    const long = (length: number) => 'x'.repeat(length)
    expect(readToFrame({ kind: 'values', values: { sql: long(65_536) } })).toBeDefined()
    expect(readToFrame({ kind: 'values', values: { sql: long(65_537) } })).toBeUndefined()
    expect(readToFrame({ kind: 'values', values: { theme: long(2_001) } })).toBeUndefined()
    expect(readToFrame({ kind: 'values', values: { dataset: 7 } })).toBeUndefined()
  })

  test('whatever it is: a word, or nothing', () => {
    const words = fc.record({ kind: fc.constantFrom('values', 'ask', 'stop', 'ready'), values: anything })
    fc.assert(
      fc.property(fc.oneof(anything, words), (data) => {
        const word = readToFrame(data)
        if (word?.kind === 'values') expect(Object.keys(word.values).toSorted()).toEqual(framedAttributes.toSorted())
        else expect([undefined, 'ask', 'stop']).toContain(word?.kind)
      }),
    )
  })
})

describe('what a frame says', () => {
  test('its state, its height and a code; never a row', () => {
    expect(readFromFrame({ kind: 'state', state: 'ready', rows: [[1]] })).toEqual({ kind: 'state', state: 'ready' })
    expect(readFromFrame({ kind: 'error', code: 'no-session', message: 'x' })).toEqual({
      ...{ kind: 'error', code: 'no-session' },
    })
    expect(readFromFrame({ kind: 'height', heightPx: 1e9 })).toEqual({ kind: 'height', heightPx: 800 })
  })

  test.each([
    ...[
      { kind: 'state', state: 'hacked' },
      { kind: 'error', code: '<img>' },
      { kind: 'error', code: 'x'.repeat(41) },
    ],
    ...[{ kind: 'height', heightPx: -1 }, { kind: 'height', heightPx: NaN }, { kind: 'rows', rows: [] }, null, 'ready'],
  ])('%o is nothing', (data) => {
    expect(readFromFrame(data)).toBeUndefined()
  })
})

test('messages are bounded: a burst, then so many a second', () => {
  let nowMs = 0
  const take = createMessageBound(() => nowMs)
  expect(Array.from({ length: 61 }, take).filter(Boolean)).toHaveLength(60)
  nowMs += 1000
  expect(Array.from({ length: 30 }, take).filter(Boolean)).toHaveLength(19)
})
