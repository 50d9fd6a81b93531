/** How long processors work for one query, and where: on a busy machine this bounds what waiting cannot explain. */
import { readFile } from 'node:fs/promises'
import type { Way } from './query-ways.ts'

/** Milliseconds of processor time a query: of this client, of the server that it asks, and of the server's engines. */
export type Processor = { way: string; rows: number; clientMs: number; serverMs: number; enginesMs: number }

const sizes = [
  { rows: 1, times: 200 },
  { rows: 100_000, times: 5 },
] as const
/** Of the clock that Linux counts a process's time by. */
const tickMs = 10

/** Of every way that asks a server on this machine. */
export async function measureProcessor(ways: readonly Way[]): Promise<Processor[]> {
  const measured: Processor[] = []
  for (const { rows, times } of sizes) {
    for (const { name, ask, serverPid } of ways) {
      if (serverPid === undefined) continue
      const before = await usedMs(serverPid)
      for (let index = 0; index < times; index++) await ask(rows)
      const after = await usedMs(serverPid)
      const [clientMs = 0, serverMs = 0, enginesMs = 0] = after.map((ms, at) => (ms - (before[at] ?? 0)) / times)
      measured.push({ way: name, rows, clientMs, serverMs, enginesMs })
    }
  }
  return measured
}

async function usedMs(serverPid: number): Promise<number[]> {
  const children = await readFile(`/proc/${serverPid}/task/${serverPid}/children`, 'utf8')
  const engines = await Promise.all(children.trim().split(' ').filter(Boolean).map(processorMs))
  return [await processorMs(process.pid), await processorMs(serverPid), engines.reduce((sum, ms) => sum + ms, 0)]
}

/** User and system time of a process (proc(5), fields 14 and 15). */
async function processorMs(pid: number | string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}
