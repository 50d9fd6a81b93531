import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkColumns } from './check-columns.ts'
import type { PublishColumn } from './column-type.ts'
import { isIdentifier, toIdentifiers } from './identifiers.ts'

const column = (name: string, rest: Partial<PublishColumn> = {}): PublishColumn => ({
  ...{ source: name, name, type: 'text', unit: '', description: '' },
  ...rest,
})

test('any header becomes good names, each once', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 100 }), { maxLength: 40 }), (texts) => {
      const names = toIdentifiers(texts)
      expect(names.every(isIdentifier)).toBe(true)
      expect(new Set(names).size).toBe(texts.length)
    }),
  )
  expect(toIdentifiers(['Größe (cm)', 'größe cm', '2024', '', 'stationId'])).toEqual([
    'gro_e_cm',
    'gro_e_cm_2',
    '_2024',
    'column_4',
    'station_id',
  ])
}, 30_000)

test('each column is answered by what is wrong with it', () => {
  const { byColumn, table } = checkColumns(
    [
      column('a'),
      column('a'),
      column('Über'),
      column('c', { type: 'decimal(39,2)' }),
      column('d', { unit: 'x'.repeat(41) }),
    ],
    ['gone'],
  )
  expect([...byColumn.keys()]).toEqual([1, 2, 3, 4])
  expect(byColumn.get(1)).toBe('Another column is called a; choose another name.')
  expect(table).toContain('gone')
  expect(checkColumns([column('a')], ['a'])).toEqual({ byColumn: new Map(), table: undefined })
  expect(checkColumns([], []).table).toBe('Keep at least one column.')
})
