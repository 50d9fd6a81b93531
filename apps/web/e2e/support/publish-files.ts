/** Files that a curator may have on her disk. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

export type PublishFile = { name: string; mimeType: string; buffer: Buffer }

const dayMs = 86_400_000
const dayOf = (at: number) => new Date(Date.UTC(2020, 0, 1) + (at % 700) * dayMs).toISOString().slice(0, 10)

/** A date, a decimal, a text with separators in it, a number. */
export function csvOf(rows: number, { from = 0, name = 'tides.csv' } = {}): PublishFile {
  const lines = Array.from({ length: rows }, (_, index) => {
    const at = from + index
    return `${at},${dayOf(at)},${(at % 1000) + 0.25},"Station ""${at % 7}"", north"`
  })
  return { name, mimeType: 'text/csv', buffer: Buffer.from(['id,day,price,station', ...lines, ''].join('\n')) }
}

export function jsonOf(rows: number): PublishFile {
  const objects = Array.from({ length: rows }, (_, id) => ({
    id,
    seen: dayOf(id),
    text: `<b>note ${id}</b>`,
    ok: true,
  }))
  return { name: 'notes.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(objects)) }
}

/** As another program would have written it. */
export async function parquetOf(rows: number): Promise<PublishFile> {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-parquet-'))
  const path = join(directory, 'codes.parquet')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(
    `COPY (SELECT i::INTEGER AS id, 'code ' || i AS code, (i * 1.25)::DECIMAL(9,2) AS weight,
       TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (i) MINUTE AS seen FROM range(0, ${rows}) r(i)) TO '${path}'`,
  )
  connection.closeSync()
  instance.closeSync()
  const buffer = await readFile(path)
  await rm(directory, { recursive: true })
  return { name: 'codes.parquet', mimeType: 'application/octet-stream', buffer }
}
