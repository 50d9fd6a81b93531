import { limits, probeColumns, type Snapshot, zeroHash } from '@enigma/protocol'
import { tableFromIPC } from '@uwdata/flechette'
import { expect, test } from 'vitest'
import type { EngineBatch, EngineQuery } from './engine/engine.ts'
import { streamTableSizes } from './stream-table-sizes.ts'

const segment = (rows: number, bytes: number) => ({ rows, bytes, hash: zeroHash, root: zeroHash })
const tableOf = (name: string, ...segments: ReturnType<typeof segment>[]) => ({
  ...{ name, segments, root: zeroHash },
  columns: [{ name: 'id', type: 'bigint' as const }],
})
const snapshot: Snapshot = {
  ...{ v: 1, dataset: zeroHash, seq: 3, previousRoot: zeroHash, root: zeroHash, createdAt: 1 },
  tables: [tableOf('empty'), tableOf('ticks', segment(1000, 5000), segment(24, 300))],
}
const query: EngineQuery = {
  ...{ sql: 'DESCRIBE', parameters: [], maxRows: limits.tables, maxBytes: limits.chunkBytes, timeoutMs: 1000 },
  signal: new AbortController().signal,
}

/** What an engine would answer that gives `rows` rows, and what it was asked. */
function setUp(rows: number) {
  const asked: EngineQuery[] = []
  async function* batches(): AsyncGenerator<EngineBatch> {
    yield await Promise.resolve({ rows, arrow: new Uint8Array() })
  }
  const stream = streamTableSizes(snapshot, (each) => {
    asked.push(each)
    const facts = { columns: [], deterministic: true, truncated: false, guardMs: 1, isReady: true }
    return Promise.resolve({ ...facts, batches: batches() })
  })
  return { stream, asked }
}

test('the engine is asked for one row, and the answer is the size of each table', async () => {
  const { stream, asked } = setUp(1)
  const { batches, ...facts } = await stream(query)
  expect(asked).toMatchObject([{ sql: 'SELECT 1', parameters: [], maxRows: 1, timeoutMs: 1000 }])
  expect(facts).toMatchObject({ columns: probeColumns, deterministic: false, truncated: false })
  for await (const { rows, arrow } of batches) {
    const table = tableFromIPC(arrow, { useBigInt: true })
    const values = Array.from({ length: rows }, (_, row) => table.children.map((column): unknown => column.at(row)))
    expect(values).toEqual([
      ['empty', 0n, 0n],
      ['ticks', 1024n, 5300n],
    ])
  }
})

test('no more rows than were asked for, and nothing of an engine that does not answer', async () => {
  expect(await setUp(1).stream({ ...query, maxRows: 1 })).toMatchObject({ truncated: true })
  await expect(setUp(0).stream(query)).rejects.toThrow('0 came')
})
