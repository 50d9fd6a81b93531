import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toPlainNodes, toPlainText } from './plain-text.ts'

test.each([
  ['**In this demo** the exchange', 'In this demo the exchange'],
  ['real *daily* prices', 'real daily prices'],
  ['# Title\n\nText of `candles` and [a link](https://example.org).', 'Title Text of candles and a link.'],
  ['![a picture](https://example.org/x.png) beside', 'a picture beside'],
  ['- one\n- two\n\n> quoted', 'one two quoted'],
  ['a <b>bold</b> word<br>', 'a bold word'],
  ['```sql\nselect 1\n```', 'select 1'],
  ['one\n\n---\n\ntwo', 'one two'],
  ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
  ['cut **in the mid', 'cut **in the mid'],
])('%j is %j', (markdown, text) => {
  expect(toPlainText(markdown)).toBe(text)
})

test('a text of paragraphs stays one of paragraphs', () => {
  expect(toPlainNodes('One **bold**\nline.\n\n---\n\n \n- two')).toEqual([
    { kind: 'paragraph', children: [{ kind: 'text', text: 'One bold line.' }] },
    { kind: 'paragraph', children: [{ kind: 'text', text: 'two' }] },
  ])
  expect(toPlainNodes('a\n\n'.repeat(10_000)).length).toBeLessThanOrEqual(8)
})

test('any text is one bounded line, soon', () => {
  const marks = fc.string({ unit: fc.constantFrom(...'[]()<>*_`~#>- \n!a1.'.split('')), maxLength: 20_000 })
  fc.assert(
    fc.property(fc.oneof(marks, fc.string({ maxLength: 2000 })), (markdown) => {
      const text = toPlainText(markdown)
      expect(text.length).toBeLessThanOrEqual(600)
      expect(text).not.toContain('\n')
    }),
    { numRuns: 500 },
  )
})
