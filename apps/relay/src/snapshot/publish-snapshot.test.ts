import { stat } from 'node:fs/promises'
import { createBlockHasher, merkleRoot, verifyHead } from '@enigma/crypto'
import type { ResultColumn, Value } from '@enigma/protocol'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import {
  candleColumns,
  candles,
  dataset,
  deployment,
  openPublishing,
  publisher,
  publishRows,
  temporaryDirectory,
} from './test-support/publishing.ts'

async function countRows(paths: readonly string[]): Promise<bigint[]> {
  const connection = await (await DuckDBInstance.create()).connect()
  const files = paths.map((path) => `'${path}'`).join(', ')
  const reader = await connection.runAndReadAll(
    `SELECT count(*), count(DISTINCT (product, time)) FROM read_parquet([${files}])`,
  )
  return (reader.getRows()[0] ?? []) as bigint[]
}

describe('publishSnapshot', () => {
  it('adds a segment for new rows and leaves the published ones', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const first = await publishRows(publishing, candles(1, 10))
    const second = await publishRows(publishing, candles(9, 12))
    expect(first.tables).toEqual([{ table: 'candles', added: 10, skipped: 0, conflicts: 0 }])
    expect(second.tables).toEqual([{ table: 'candles', added: 2, skipped: 2, conflicts: 0 }])
    expect(second.snapshot.tables[0]?.segments[0]).toEqual(first.snapshot.tables[0]?.segments[0])
    expect(second.signed.publisher).toBe(publisher.address.toLowerCase())
    expect(second.signed.head).toMatchObject({ seq: 2, previousRoot: first.snapshot.root })
    await expect(
      verifyHead({ signed: second.signed, deployment, publisher: second.signed.publisher }),
    ).resolves.toBeDefined()
  })

  it('makes no snapshot when a run brings nothing new', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    await publishRows(publishing, candles(1, 3))
    const again = await publishRows(publishing, candles(1, 3))
    expect(again).toMatchObject({ isNew: false, snapshot: { seq: 1 } })
  })

  it('keeps a published row when another comes under its key, and counts it', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    await publishRows(publishing, candles(1, 3))
    const [row = []] = candles(2, 2)
    const again = await publishRows(publishing, [[...row.slice(0, 2), 7n]])
    expect(again).toMatchObject({ isNew: false, tables: [{ added: 0, skipped: 0, conflicts: 1 }] })
  })

  it('refuses two different rows under one key in one run and publishes nothing', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const [row = []] = candles(2, 2)
    const run = publishRows(publishing, [row, [...row.slice(0, 2), 7n]])
    await expect(run).rejects.toMatchObject({ code: 'rows-invalid' })
    expect((await publishing.store.dataset(dataset)).latest()).toBeUndefined()
  })

  it('replaces a table without a key', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const table = { name: 'candles', columns: candleColumns }
    await publishRows(publishing, candles(1, 5), { table })
    const second = await publishRows(publishing, candles(3, 4), { table })
    expect(second.snapshot.tables[0]?.segments).toMatchObject([{ rows: 2 }])
  })

  it('has the root that the rows give on any engine, for every type', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const columns: ResultColumn[] = [
      { name: 'a', type: 'boolean' },
      { name: 'b', type: 'integer' },
      { name: 'c', type: 'bigint' },
      { name: 'd', type: 'double' },
      { name: 'e', type: 'text' },
      { name: 'f', type: 'blob' },
      { name: 'g', type: 'date' },
      { name: 'h', type: 'timestamp' },
      { name: 'i', type: 'decimal(38,10)' },
      { name: 'j', type: 'decimal(9,0)' },
      { name: 'k', type: 'decimal(4,4)' },
    ]
    const rows: Value[][] = [
      [true, -1, 2n ** 63n - 1n, 0.1, 'naïve "quoted"\n', Uint8Array.of(0, 255), -1, -1n, -(10n ** 38n - 1n), 5n, -1n],
      [false, 2 ** 31 - 1, -(2n ** 63n), 5e-324, '', new Uint8Array(), 20_000, 2n ** 50n, 1n, -999_999_999n, 9999n],
      [null, null, null, null, null, null, null, null, null, null, null],
    ]
    const published = await publishRows(publishing, rows, { table: { name: 'types', columns } })
    const hasher = createBlockHasher(columns)
    for (const row of rows) hasher.addRow(row)
    expect(published.snapshot.tables[0]?.segments[0]?.root).toBe((await hasher.finish()).root)
    expect(published.snapshot.tables[0]?.segments[0]?.root).not.toBe(await merkleRoot([]))
  })

  it('merges many small segments into one, losing and doubling nothing', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    let segments: readonly { hash: `0x${string}` }[] = []
    for (let minute = 0; minute <= 4; minute++) {
      const published = await publishRows(publishing, candles(minute * 2, minute * 2 + 2), { maxSegments: 4 })
      segments = published.snapshot.tables[0]?.segments ?? []
    }
    expect(segments.length).toBe(1)
    const snapshots = await publishing.store.dataset(dataset)
    const paths = segments.map(({ hash }) => snapshots.segmentPath(hash))
    expect(await countRows(paths)).toEqual([11n, 11n])
    for (const { snapshot } of snapshots.list()) {
      for (const { hash } of snapshot.tables.flatMap((table) => table.segments)) await stat(snapshots.segmentPath(hash))
    }
  })
})
