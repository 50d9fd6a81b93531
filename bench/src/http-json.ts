/** The server of http-json-server.ts as a process of its own over 3,000,000 flights. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDuckdbEngine } from '../../apps/relay/src/roles/persistence/engine/duckdb/duckdb-engine.ts'
import { vegaDataPath } from '../../demo/src/exchange/package-data.ts'

const columns = [
  { name: 'date', type: 'timestamp' },
  { name: 'delay', type: 'bigint' },
  { name: 'distance', type: 'bigint' },
  { name: 'origin', type: 'text' },
  { name: 'destination', type: 'text' },
] as const

export type HttpJson = { url: string; pid: number | undefined; stop: () => Promise<void> }

/** Resolves when it answers `/?sql=…`. */
export async function serveHttpJson(): Promise<HttpJson> {
  const databasePath = join(tmpdir(), `enigma-bench-${process.pid}.db`)
  const engine = createDuckdbEngine({ tools: { prlimit: undefined, setpriv: undefined } })
  await engine.ingest({
    databasePath,
    tables: [{ name: 'flights', columns, segmentPaths: [vegaDataPath('flights-3m.parquet')] }],
  })
  const script = join(import.meta.dirname, 'http-json-server.ts')
  const server = spawn(process.execPath, [script, databasePath, JSON.stringify([{ name: 'flights', columns }])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [port] = (await once(server.stdout, 'data')) as [Buffer]
  return {
    url: `http://127.0.0.1:${String(port).trim()}`,
    pid: server.pid,
    async stop() {
      server.stdin.end()
      if (server.exitCode === null) await once(server, 'exit')
      await rm(databasePath, { force: true })
    },
  }
}
