import { probeColumns, type ResultColumn, type Value } from '@enigma/protocol'
import { expect, test } from 'vitest'
import { readTableSizes } from './read-table-sizes.ts'

const read =
  (rows: Value[][], columns: readonly ResultColumn[] = probeColumns) =>
  () =>
    readTableSizes({ columns, rows })

test('reads the sizes', () => {
  expect(read([['candles', 20n, 1_000n]])()).toEqual([{ name: 'candles', rows: 20, bytes: 1000 }])
  expect(read([])()).toEqual([])
})

test('refuses what cannot be', () => {
  const wrong: Value[][] = [
    [null, 1n, 1n],
    ['<b>', 1n, 1n],
    ['t'.repeat(1000), 1n, 1n],
    ['t', -1n, 1n],
    ['t', 1n, 2n ** 60n],
    ['t', 1, 1n],
    ['t', 1n],
  ]
  for (const row of wrong) expect(read([row])).toThrow('did not say how it is')
  expect(read([], probeColumns.slice(1))).toThrow('did not say how it is')
  expect(read([], [...probeColumns].reverse())).toThrow('did not say how it is')
})
