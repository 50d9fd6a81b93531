import { CanonicalRowWriter, encodeCbor, type ResultColumn, utf8, type Value } from '@enigma/protocol'
import { expect, test } from 'vitest'
import { hashQuery, sha256, sha256Hex } from './hash.ts'
import { hashBatches, hashRows } from './result-hash.ts'

const columns: ResultColumn[] = [
  { name: 'a', type: 'integer' },
  { name: 'b', type: 'text' },
]
const rows: Value[][] = [
  [1, 'x'],
  [2, null],
]

test('rows hash to what the header of the file says, whatever the batches', async () => {
  const writer = new CanonicalRowWriter(columns)
  for (const row of rows) writer.write(row)
  const bytes = [...utf8('enigma/result/rows/v1'), ...encodeCbor(columns), ...(await sha256(writer.take()))]
  expect(await hashRows({ columns, rows })).toBe(await sha256Hex(Uint8Array.from(bytes)))
})

test('rows hash to another value with any value, order, column or count', async () => {
  const variants = [
    { columns, rows },
    { columns, rows: rows.toReversed() },
    { columns, rows: rows.slice(1) },
    { columns, rows: [...rows, ...rows] },
    {
      columns,
      rows: [
        [1, 'x'],
        [2, ''],
      ],
    },
    { columns: columns.with(0, { name: 'z', type: 'integer' }), rows },
    { columns: columns.with(0, { name: 'a', type: 'date' }), rows },
    { columns, rows: [] },
  ]
  expect(new Set(await Promise.all(variants.map(hashRows))).size).toBe(variants.length)
})

test('batches hash by content, order and columns, apart from rows', async () => {
  const [a, b] = await Promise.all([sha256(utf8('a')), sha256(utf8('b'))])
  const hashes = await Promise.all([
    hashBatches({ columns, batchHashes: [a, b] }),
    hashBatches({ columns, batchHashes: [b, a] }),
    hashBatches({ columns, batchHashes: [a] }),
    hashBatches({ columns: [], batchHashes: [a, b] }),
    hashBatches({ columns, batchHashes: [await sha256(new Uint8Array(0))] }),
    hashRows({ columns, rows: [] }),
  ])
  expect(new Set(hashes).size).toBe(hashes.length)
})

test('query hashes change with every field', () => {
  const query = { dataset: `0x${'11'.repeat(32)}`, sql: 'select 1', parameters: [], maxRows: 1, maxBytes: 2 } as const
  const changes: Record<keyof typeof query, Partial<Parameters<typeof hashQuery>[0]>> = {
    dataset: { dataset: `0x${'12'.repeat(32)}` },
    sql: { sql: 'select 2' },
    parameters: { parameters: [{ type: 'null' }] },
    maxRows: { maxRows: 2 },
    maxBytes: { maxBytes: 3 },
  }
  const hashes = Object.values(changes).map((change) => hashQuery({ ...query, ...change }))
  expect(new Set([...hashes, hashQuery(query)]).size).toBe(hashes.length + 1)
})
