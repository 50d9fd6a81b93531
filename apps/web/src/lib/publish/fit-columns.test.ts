import { expect, test } from 'vitest'
import type { PublishColumn } from './column-type.ts'
import { fitColumns } from './fit-columns.ts'

const column = (source: string, name = source, type: PublishColumn['type'] = 'text'): PublishColumn => ({
  ...{ source, name, type, unit: '', description: '' },
})
const declared = [
  { name: 'day', type: 'date' },
  { name: 'price', type: 'decimal(18,2)' },
]

test('columns are found by their name in the file, or by the name that is made of it, in the table’s order', () => {
  const { columns, missing, extra } = fitColumns(
    declared,
    [column('Price', 'price'), column('day'), column('x')],
    false,
  )
  expect(columns.map(({ source, name, type }) => `${source} ${name} ${type}`)).toEqual([
    ...['day day date', 'Price price decimal(18,2)'],
  ])
  expect([missing, extra]).toEqual([[], ['x']])
})

test('what the file lacks is named, and so is what a Parquet file has by another type', () => {
  expect(fitColumns(declared, [column('day')], false).missing).toEqual(['price'])
  const typed = [column('day', 'day', 'date'), column('price', 'price', 'double')]
  expect(fitColumns(declared, typed, true)).toMatchObject({ missing: ['price'], extra: ['price'] })
})
