import Papa from 'papaparse'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowsOf } from './fixtures/rows-of.ts'
import { csvPieces, tsvPieces } from './csv.ts'
import { hostileTexts } from './fixtures/hostile-texts.ts'

const formula = /^[=+\-@\t\r\n＝＋－＠]/

function csvOf(...parameters: Parameters<typeof rowsOf>): string[][] {
  const text = [...csvPieces(rowsOf(...parameters), { pieceRows: 100 })].join('')
  return Papa.parse<string[]>(text, { delimiter: ',', newline: '\r\n' }).data.slice(0, -1)
}

/** What a cell said before it was made inert. */
const restored = (cell: string) => (cell.startsWith("'") && formula.test(cell.slice(1)) ? cell.slice(1) : cell)

describe('CSV', () => {
  test('the corpus is as large as it is meant to be', () => {
    expect(hostileTexts.length).toBeGreaterThanOrEqual(1000)
  })

  test('no cell and no heading of the corpus begins a formula, and every one is read back', () => {
    const [head, ...rows] = csvOf(hostileTexts, [hostileTexts, hostileTexts.toReversed()])
    const expected = hostileTexts.map(restored)
    expect(head?.map(restored)).toEqual(expected)
    expect(rows.map((row) => row.map(restored))).toEqual([expected, expected.toReversed()])
    for (const row of [head ?? [], ...rows]) for (const cell of row) expect(cell).not.toMatch(formula)
  })

  test('numbers stay numbers', () => {
    const columns = ['integer', 'bigint', 'double', 'decimal(18,2)'].map((type) => ({ name: type, type }))
    const [, ...rows] = csvOf(columns, [
      [-1, -2n, -0.5, -125n],
      [null, null, -Infinity, null],
    ])
    expect(rows).toEqual([
      ['-1', '-2', '-0.5', '-1.25'],
      ['', '', '-Infinity', ''],
    ])
  })

  test('an empty text is not a null', () => {
    expect([...csvPieces(rowsOf(['a', 'b'], [['', null]]))].join('')).toBe('a,b\r\n"",\r\n')
  })

  test('whatever the texts, they are read back', () => {
    const text = fc.string({ unit: 'grapheme' })
    const table = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(table, (rows) => {
        const [, ...read] = csvOf(['a', 'b'], rows)
        expect(read.map((row) => row.map(restored))).toEqual(rows.map((row) => row.map(restored)))
      }),
    )
  })
})

test('what is copied holds no formula and keeps its rows and columns', () => {
  const rows = rowsOf(
    ['a', 'b'],
    hostileTexts.map((text) => [text, text]),
  )
  const range = { rowStart: 0, rowEnd: rows.rowCount - 1, columnStart: 0, columnEnd: 1 }
  const lines = [...tsvPieces(rows, range, { withHeader: true })].join('').split('\n')
  expect(lines).toHaveLength(hostileTexts.length + 1)
  for (const line of lines) {
    expect(line.split('\t')).toHaveLength(2)
    for (const cell of line.split('\t')) expect(cell).not.toMatch(formula)
  }
})
