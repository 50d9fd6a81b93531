/** What an answer costs the daemon's memory. */
import { readFile } from 'node:fs/promises'
import type { QueryNetwork } from './query-network.ts'

export type Memory = { rows: number; before: number; after: number; text: string }

/** The daemon's highest resident memory before and after an answer of 3,000,000 rows. */
export async function measureMemory({ client, accounts, dataset, daemonPid }: QueryNetwork): Promise<Memory> {
  const [account] = accounts
  const before = await peakBytes(daemonPid)
  let rows = 0
  const run = client.query({ dataset, sql: 'SELECT * FROM flights', account, path: 'direct', maxBytes: 2 ** 30 })
  for await (const batch of run) rows += batch.rowCount
  const after = await peakBytes(daemonPid)
  const mib = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(0)} MiB`
  return {
    rows,
    before,
    after,
    text: `daemon's peak memory: ${mib(before)} before, ${mib(after)} after an answer of ${rows.toLocaleString('en')} rows`,
  }
}

async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}
