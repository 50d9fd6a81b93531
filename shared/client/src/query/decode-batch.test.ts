/** Batches of hostile nodes: inflation stops at what was claimed, and only Arrow of the claimed shape is read. */
import { arrowTypeOf, type ColumnType, type ResultColumn, type Value } from '@enigma/protocol'
import { columnFromArray, int32, int64, tableFromColumns, tableToIPC, utf8 } from '@uwdata/flechette'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBatch } from './batch.ts'
import { decodeArrow, inflateByStream } from './decode-batch.ts'
import { describeInflate } from './describe-inflate.ts'

const rowsOf = (parameters: Parameters<typeof decodeArrow>[0]) =>
  readBatch(decodeArrow(parameters), parameters.rows).rows()

const invalid = { code: 'answer-invalid' }

describeInflate('the web platform', inflateByStream)

test('of a longer buffer only the view is inflated, in as many pieces as it takes', async () => {
  // Random bytes: what repeats would deflate into one piece.
  const rows = crypto.getRandomValues(new Uint8Array(60_000))
  const stream = new Blob([rows]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const deflated = new Uint8Array(await new Response(stream).arrayBuffer())
  expect(deflated.length).toBeGreaterThan(3 * 16 * 1024)
  const longer = new Uint8Array(deflated.length + 14).fill(0xff)
  longer.set(deflated, 7)
  expect(await inflateByStream(longer.subarray(7, -7), rows.length)).toEqual(rows)
})

describe('Arrow', () => {
  const columns: ResultColumn[] = [
    { name: 'n', type: 'bigint' },
    { name: 't', type: 'text' },
  ]
  const ipc = (entries: Parameters<typeof tableFromColumns>[0]) =>
    tableToIPC(tableFromColumns(entries), { format: 'stream' }) ?? new Uint8Array()
  const honest = ipc([
    ['n', columnFromArray([1n, null], int64())],
    ['t', columnFromArray(['a', ''], utf8())],
  ])

  test('gives the rows', () => {
    expect(rowsOf({ bytes: honest, columns, rows: 2 })).toEqual([
      [1n, 'a'],
      [null, ''],
    ])
  })

  test('gives every type, with and without nulls', () => {
    const values: Record<string, Value[]> = {
      boolean: [true, null, false],
      integer: [-1, null, 2 ** 31 - 1],
      bigint: [-1n, null, 2n ** 63n - 1n],
      double: [0.5, null, -Infinity],
      text: ['', null, 'äß'],
      blob: [Uint8Array.of(), null, Uint8Array.of(0, 255)],
      date: [-1, null, 20_000],
      timestamp: [-1n, null, 1n],
      'decimal(38,4)': [-(10n ** 37n), null, 10n ** 37n],
    }
    for (const kept of [
      [0, 1, 2],
      [0, 2],
    ]) {
      for (const [type, all] of Object.entries(values)) {
        const some = kept.map((at) => all[at] ?? null)
        const bytes = ipc([['c', columnFromArray(some, arrowTypeOf(type as ColumnType))]])
        const read = rowsOf({ bytes, columns: [{ name: 'c', type: type as ColumnType }], rows: some.length })
        expect(read).toEqual(some.map((value) => [value]))
      }
    }
  })

  test('refuses another number of rows or columns, and other types', () => {
    const others: [ResultColumn[], number][] = [
      [columns, 1],
      [columns, 3],
      [columns.slice(1), 2],
      [[...columns, { name: 'x', type: 'text' }], 2],
      [columns.toReversed(), 2],
      [[{ name: 'n', type: 'decimal(38,0)' }, columns[1]!], 2],
      [[], 0],
    ]
    for (const [claimed, rows] of others) {
      expect(() => decodeArrow({ bytes: honest, columns: claimed, rows })).toThrow(expect.objectContaining(invalid))
    }
    const narrow = ipc([['n', columnFromArray([1], int32())]])
    expect(() => decodeArrow({ bytes: narrow, columns: columns.slice(0, 1), rows: 1 })).toThrow(
      expect.objectContaining(invalid),
    )
  })

  test('whatever bytes come, it reads them or says answer-invalid', () => {
    const changed = fc
      .record({ at: fc.nat(honest.length - 1), to: fc.nat(255), cut: fc.nat(honest.length) })
      .map(({ at, to, cut }) => honest.with(at, to).slice(0, Math.max(at + 1, cut)))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), changed), (bytes) => {
        try {
          expect(rowsOf({ bytes: new Uint8Array(bytes), columns, rows: 2 })).toHaveLength(2)
        } catch (error) {
          expect(error).toMatchObject(invalid)
        }
      }),
      { numRuns: 30000 },
    )
  })
})
