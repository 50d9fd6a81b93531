import { tableFromIPC } from '@uwdata/flechette'
import { parquetReadObjects } from 'hyparquet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowsOf, testSlices } from '@enigma/result/fixtures/rows-of'
import { arrowPieces, readPhysicalArrow } from '@enigma/result/arrow'
import { type CellValue, ResultSet, type RowSource } from '@enigma/result/result-set'
import { type FileFormat, fileNameOf } from '@enigma/result/file-formats'
import { exportRows } from './export-rows.ts'
import { hostileTexts } from '@enigma/result/fixtures/hostile-texts'

const columns = [
  { name: 'flag', type: 'boolean' },
  { name: 'small', type: 'integer' },
  { name: 'large', type: 'bigint' },
  { name: 'ratio', type: 'double' },
  { name: 'price', type: 'decimal(38,4)' },
  { name: 'day', type: 'date' },
  { name: 'moment', type: 'timestamp' },
  { name: 'label', type: 'text' },
  { name: 'bytes', type: 'blob' },
]
const values: CellValue[][] = [
  [true, -1, 2n ** 62n, 0.1, -(10n ** 37n), 17_568, 1_517_947_200_123_456n, '=1+1', new Uint8Array([0, 255])],
  [null, null, null, null, null, null, null, null, null],
  [false, 7, -5n, NaN, 12_345n, -1, -1n, '😀"\n', new Uint8Array()],
]
const rows = rowsOf(columns, values)

async function bytesOf(source: RowSource, format: FileFormat): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await exportRows({ rows: source, format, slices: testSlices() })
  return new Uint8Array(await blob.arrayBuffer())
}

function manyRows(rowCount: number): RowSource {
  const set = new ResultSet([
    { name: 'id', type: 'integer' },
    { name: 'text', type: 'text' },
  ])
  set.append({ rowCount, value: (row, column) => (column === 0 ? row : `row ${row}`) })
  return set
}

describe('JSON', () => {
  test('keeps every value, as a number where every reader can', async () => {
    const text = new TextDecoder().decode(await bytesOf(rows, 'json'))
    expect(JSON.parse(text)).toEqual([
      {
        ...{ flag: true, small: -1, large: '4611686018427387904', ratio: 0.1, day: '2018-02-06' },
        price: '-1000000000000000000000000000000000.0000',
        ...{ moment: '2018-02-06T20:00:00.123456Z', label: '=1+1', bytes: '0x00ff' },
      },
      Object.fromEntries(columns.map(({ name }) => [name, null])),
      {
        ...{ flag: false, small: 7, large: '-5', ratio: 'NaN', price: '1.2345', day: '1969-12-31' },
        ...{ moment: '1969-12-31T23:59:59.999999Z', label: '😀"\n', bytes: '0x' },
      },
    ])
  })

  test('numbers of 64 bits and decimals are numbers where doubles hold all of them', async () => {
    const typed = rowsOf(
      [
        { name: 'n', type: 'bigint' },
        { name: 'd', type: 'decimal(10,2)' },
      ],
      [[42n, 150n]],
    )
    expect(new TextDecoder().decode(await bytesOf(typed, 'json'))).toBe('[\n{"n":42,"d":1.50}\n]\n')
  })

  test('repeated and strange names lose nothing', async () => {
    const strange = rowsOf(['a', 'a', '__proto__', 'a_2'], [['1', '2', '3', '4']])
    const text = new TextDecoder().decode(await bytesOf(strange, 'json'))
    expect(Object.entries((JSON.parse(text) as Record<string, string>[])[0] ?? {})).toEqual([
      ['a', '1'],
      ['a_2', '2'],
      ['__proto__', '3'],
      ['a_2_2', '4'],
    ])
  })

  test('the hostile corpus is read back', async () => {
    const hostile = rowsOf(
      ['v'],
      hostileTexts.map((text) => [text.toWellFormed()]),
    )
    const text = new TextDecoder().decode(await bytesOf(hostile, 'json'))
    expect((JSON.parse(text) as { v: string }[]).map(({ v }) => v)).toEqual(
      hostileTexts.map((each) => each.toWellFormed()),
    )
  })
})

describe('Arrow', () => {
  test('keeps every value, with types that other programs know', async () => {
    const table = tableFromIPC(await bytesOf(rows, 'arrow'), { useBigInt: true, useDecimalInt: true, useDate: false })
    expect(table.numRows).toBe(3)
    const columnValues = table.children.map((column) => [...(column as Iterable<unknown>)])
    const at = (name: string) => columnValues[columns.findIndex((column) => column.name === name)]
    expect(at('large')).toEqual([2n ** 62n, null, -5n])
    expect(at('price')).toEqual([-(10n ** 37n), null, 12_345n])
    expect(at('label')).toEqual(['=1+1', null, '😀"\n'])
    expect(at('bytes')).toEqual([new Uint8Array([0, 255]), null, new Uint8Array()])
    expect(at('day')).toEqual([Date.UTC(2018, 1, 6), null, -86_400_000])
    expect(at('moment')?.[0]).toBeCloseTo(1_517_947_200_123.456, 3)
    const moment = table.schema.fields.find(({ name }) => name === 'moment')
    expect(moment?.type).toMatchObject({ timezone: 'UTC' })
  })

  test('is one stream of many batches', async () => {
    const table = tableFromIPC(await bytesOf(manyRows(10_001), 'arrow'))
    expect([table.numRows, table.getChildAt(1).at(10_000)]).toEqual([10_001, 'row 10000'])
    expect(table.getChildAt(0).data.length).toBe(3)
  })

  test('as we keep it ourselves is read back to the last digit', () => {
    const bytes = new Uint8Array([...arrowPieces(rows, { isPhysical: true })].flatMap((piece) => [...piece]))
    const read = readPhysicalArrow(bytes, columns)
    const valuesOf = (source: RowSource) =>
      Array.from({ length: source.rowCount }, (_, row) => columns.map((_each, column) => source.value(row, column)))
    expect(valuesOf(read)).toEqual(valuesOf(rows))
    expect(() => readPhysicalArrow(bytes, columns.slice(1))).toThrow(RangeError)
  })

  test('without rows still names the columns', async () => {
    const table = tableFromIPC(await bytesOf(rowsOf(columns, []), 'arrow'))
    expect([table.numRows, table.names]).toEqual([0, columns.map(({ name }) => name)])
  })
})

describe('Parquet', () => {
  test('keeps every value', async () => {
    const file = await bytesOf(rows, 'parquet')
    const [first, second] = await parquetReadObjects({ file: file.buffer })
    expect(first).toMatchObject({ flag: true, small: -1, large: 2n ** 62n, ratio: 0.1, label: '=1+1' })
    expect((first?.['day'] as Date).toISOString()).toBe('2018-02-06T00:00:00.000Z')
    expect((first?.['moment'] as Date).toISOString()).toBe('2018-02-06T20:00:00.123Z')
    expect(Number(first?.['price'])).toBe(-1e33)
    expect(Object.values(second ?? {}).every((value) => value === null || value === undefined)).toBe(true)
  })

  test('is one file of many row groups', async () => {
    const file = await bytesOf(manyRows(20_000), 'parquet')
    const read = await parquetReadObjects({ file: file.buffer })
    expect([read.length, read[19_999]]).toEqual([20_000, { id: 19_999, text: 'row 19999' }])
  })
})

test('every format pauses on its way, and stops when it is left', async () => {
  for (const format of ['csv', 'json', 'arrow', 'parquet'] as const) {
    const slices = testSlices()
    await exportRows({ rows: manyRows(20_000), format, slices })
    expect(slices.pauses).toBeGreaterThan(3)
    const left = testSlices({ signal: AbortSignal.abort(new Error('left')) })
    await expect(exportRows({ rows, format, slices: left })).rejects.toThrow('left')
  }
})

test('file names are safe and tell results apart', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.nat(), { nil: undefined }), (dataset, seq) => {
      const name = fileNameOf({ dataset, seq, atMs: 0, format: 'csv' })
      expect(name).toMatch(/^[A-Za-z0-9_-]+\.csv$/)
    }),
  )
  const parameters = {
    dataset: '0xabc/coinbase_data',
    seq: 7,
    atMs: Date.UTC(2026, 10, 26, 15, 4, 5),
    format: 'arrow',
  } as const
  expect(fileNameOf(parameters)).toBe('coinbase_data-snapshot7-20261126-150405.arrows')
})
