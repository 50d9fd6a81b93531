/** A node as a process of its own, as an operator runs it: `enigma node start`, killed with -9 and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify as toToml } from 'smol-toml'
import { vi } from 'vitest'

const main = join(import.meta.dirname, '../../../src/main.ts')
/** Ends the node when the test's process is gone, however that ended. */
const tiedToParent = 'exec 3<&0; { cat >/dev/null; kill -KILL $$; } <&3 3<&- >/dev/null 2>&1 & exec "$@" 3<&-'
const ready = { timeout: 60_000, interval: 50 }

export type NodeHealth = {
  ok: boolean
  peerId: string
  signer: `0x${string}`
  multiaddrs: string[]
  persistence?: { datasets: { dataset: string }[] }
  runs?: { state: string; seq: number | null; message: string | null }[]
}

export type NodeProcess = {
  readonly name: string
  readonly configPath: string
  readonly peerId: string
  readonly signer: `0x${string}`
  readonly multiaddrs: readonly string[]
  readonly pid: number
  health: () => Promise<NodeHealth>
  /** The sum of a metric over all of its label values that hold `labels`; 0 where there is none. */
  metric: (name: string, labels?: string) => Promise<number>
  /** SIGKILL; resolves when it is gone. */
  kill: () => Promise<void>
}

/** Starts a node in `<directory>/<name>`, where an earlier one may have left its data, and waits for its health. */
export async function startNodeProcess({
  directory,
  name,
  settings,
}: {
  directory: string
  name: string
  settings: Readonly<Record<string, unknown>>
}): Promise<NodeProcess> {
  const home = join(directory, name)
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const configPath = join(home, 'enigma.toml')
  writeFileSync(configPath, toToml({ dataDirectory: 'data', ...settings }))
  const nodeFile = join(home, 'data', 'node.json')
  rmSync(nodeFile, { force: true })
  const log = openSync(join(home, 'log'), 'a')
  const command = [process.execPath, main, 'node', 'start', '--config', configPath]
  const child = spawn('sh', ['-c', tiedToParent, 'sh', ...command], { stdio: ['pipe', log, log] })
  const exited = once(child, 'exit').then(() => child.stdin?.destroy())
  const url = await vi.waitFor(() => urlOf(child, nodeFile), ready)
  const health = async () => (await (await fetch(`${url}/health`)).json()) as NodeHealth
  const metric = async (metricName: string, labels = '') =>
    sumOf(await (await fetch(`${url}/metrics`)).text(), metricName, labels)
  const { peerId, signer, multiaddrs } = await vi.waitFor(async () => {
    const now = await health()
    if (!now.ok) throw new Error(`${name} is not ready: ${JSON.stringify(now)}`)
    return now
  }, ready)
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  return { name, configPath, peerId, signer, multiaddrs, pid: child.pid ?? 0, health, metric, kill }
}

/** Of the lines of Prometheus's text format: a name, labels in braces unless there are none, a value. */
function sumOf(text: string, name: string, labels: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return lines
    .filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

function urlOf(child: ChildProcess, nodeFile: string): string {
  if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}`)
  const { httpPort } = JSON.parse(readFileSync(nodeFile, 'utf8')) as { httpPort: number }
  return `http://127.0.0.1:${httpPort}`
}
