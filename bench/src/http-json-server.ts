/** What a user would build instead: an HTTP server that answers JSON, around the same isolated DuckDB processes. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tableFromIPC } from '@uwdata/flechette'
import { createDuckdbEngine } from '../../apps/relay/src/roles/persistence/engine/duckdb/duckdb-engine.ts'
import type { EngineTable } from '../../apps/relay/src/roles/persistence/engine/engine.ts'

const [databasePath = '', tablesJson = '[]'] = process.argv.slice(2)
const engine = createDuckdbEngine({ tools: { prlimit: undefined, setpriv: undefined } })
const database = await engine.open({ databasePath, tables: JSON.parse(tablesJson) as EngineTable[] })

async function answer(sql: string): Promise<unknown[]> {
  const signal = new AbortController().signal
  const limits = { maxRows: 5_000_000, maxBytes: 2 ** 31, timeoutMs: 60_000 }
  const result = await database.stream({ sql, parameters: [], ...limits, signal })
  const rows: unknown[] = []
  for await (const { arrow } of result.batches) rows.push(...tableFromIPC(new Uint8Array(arrow)).toArray())
  return rows
}

// Pages of other origins may read it, as an API's would be.
const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' }

const server = createServer((request, response) => {
  const sql = new URL(request.url ?? '', 'http://bench').searchParams.get('sql') ?? ''
  answer(sql).then(
    (rows) => response.writeHead(200, headers).end(JSON.stringify(rows)),
    (error: unknown) => response.writeHead(400).end(String(error)),
  )
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
process.stdin.on('end', () => process.exit()).resume()
