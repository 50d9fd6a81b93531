/** One query by four ways, on the same data in one run: what privacy and proof cost beside what a user would build. */
import { readFile } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import type { QueryResult } from '@enigma/client'
import { vegaDataPath } from '../../demo/src/exchange/package-data.ts'
import { serveHttpJson } from './http-json.ts'
import { measureNodeShare, type NodeShare } from './query-node-share.ts'
import { type QueryNetwork, startQueryNetwork } from './query-network.ts'
import type { Bench, BenchReport, ReportTable } from './report.ts'

const sizes = [
  { rows: 1, repetitions: 60 },
  { rows: 100, repetitions: 60 },
  { rows: 100_000, repetitions: 9 },
] as const
const clients = [1, 4, 16] as const
const secondsPerLoad = 4

type Way = { name: string; ask: (rows: number) => Promise<QueryResult | undefined>; stop: () => Promise<void> }
type Latency = { way: string; rows: number; p50Ms: number; p95Ms: number; timings?: QueryResult['timings'] }
type Throughput = { way: string; clients: number; perSecond: number }

const sqlOf = (rows: number) => `SELECT date, delay, distance, origin, destination FROM flights LIMIT ${rows}`

/** The query bench; it takes no arguments. */
export const queryBench: Bench = ({ onProgress }) => run(onProgress)

async function run(onProgress: (text: string) => void): Promise<BenchReport> {
  onProgress('starting: chain, relay, persistence node, 3,000,000 flights')
  const network = await startQueryNetwork(onProgress)
  const ways = [await inProcess(), await httpJson(), ...networkWays(network)]
  try {
    const latencies: Latency[] = []
    const throughputs: Throughput[] = []
    for (const way of ways) {
      for (const size of sizes) latencies.push(await measureLatency(way, size))
      for (const count of clients) throughputs.push(await measureThroughput(way, count))
      onProgress(`${way.name}: done`)
    }
    const memory = await measureMemory(network)
    onProgress('the node without a network')
    return toReport({ latencies, throughputs, memory, share: await measureNodeShare() })
  } finally {
    for (const way of ways) await way.stop()
    await network.stop()
  }
}

async function inProcess(): Promise<Way> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  await connection.run(`CREATE TABLE flights AS SELECT * FROM read_parquet('${vegaDataPath('flights-3m.parquet')}')`)
  return {
    name: 'DuckDB in process',
    async ask(rows) {
      const reader = await connection.runAndReadAll(sqlOf(rows))
      if (reader.getRowsJS().length !== rows) throw new Error('rows are missing')
      return undefined
    },
    stop() {
      instance.closeSync()
      return Promise.resolve()
    },
  }
}

async function httpJson(): Promise<Way> {
  const { url, stop } = await serveHttpJson()
  return {
    name: 'HTTP + JSON',
    async ask(rows) {
      const response = await fetch(`${url}/?sql=${encodeURIComponent(sqlOf(rows))}`)
      const answer = (await response.json()) as unknown[]
      if (answer.length !== rows) throw new Error(`${answer.length} rows instead of ${rows}`)
      return undefined
    },
    stop,
  }
}

function networkWays({ client, account, dataset }: QueryNetwork): Way[] {
  const way = (name: string, path: 'direct' | 'blind', webrtcOnly: boolean): Way => ({
    name,
    async ask(rows) {
      const run = client.query({ dataset, sql: sqlOf(rows), account, path, webrtcOnly })
      let got = 0
      for await (const batch of run) got += batch.rowCount
      if (got !== rows) throw new Error(`${got} rows instead of ${rows}`)
      return run.result
    },
    stop: () => Promise.resolve(),
  })
  return [way('direct path', 'direct', false), way('blind path', 'blind', false), way('direct, WebRTC', 'direct', true)]
}

async function measureLatency({ name, ask }: Way, { rows, repetitions }: (typeof sizes)[number]): Promise<Latency> {
  for (let warm = 0; warm < 3; warm++) await ask(rows)
  const times: number[] = []
  let last: QueryResult | undefined
  for (let index = 0; index < repetitions; index++) {
    const started = performance.now()
    last = await ask(rows)
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { way: name, rows, p50Ms: at(0.5), p95Ms: at(0.95), ...(last === undefined ? {} : { timings: last.timings }) }
}

async function measureThroughput({ name, ask }: Way, count: number): Promise<Throughput> {
  const started = performance.now()
  const end = started + secondsPerLoad * 1000
  let done = 0
  const client = async () => {
    while (performance.now() < end) {
      await ask(1)
      done++
    }
  }
  await Promise.all(Array.from({ length: count }, client))
  return { way: name, clients: count, perSecond: done / ((performance.now() - started) / 1000) }
}

/** The daemon's highest resident memory before and after an answer of 3,000,000 rows. */
async function measureMemory({ client, account, dataset, daemonPid }: QueryNetwork) {
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

type Memory = Awaited<ReturnType<typeof measureMemory>>

type Measured = {
  latencies: readonly Latency[]
  throughputs: readonly Throughput[]
  memory: Memory
  share: NodeShare
}

function toReport({ latencies, throughputs, memory, share }: Measured): BenchReport {
  const goals = goalsOf(latencies, share)
  return {
    tables: [latencyTable(latencies), stageTable(latencies), throughputTable(throughputs), goalTable(goals)],
    notes: [
      'Rows of HTTP + JSON are objects after JSON.parse; rows of the paths are Arrow tables, decrypted, receipt verified.',
      'Ways ran one after the other in one run; the engine processes are the same code behind HTTP and behind the node.',
      'Stages are of the last query of each kind. Client stages overlap; "wait" is the whole less seal, check and what the node says.',
      `${share.nodePerSecond.toFixed(0)} queries a second by the node's whole way without a network, ${share.rawPerSecond.toFixed(0)} by its engine processes alone, four at once.`,
      memory.text,
    ],
    figures: { latencies, throughputs, goals, memory, share },
    isMet: goals.every(({ isMet }) => isMet),
  }
}

function latencyTable(latencies: readonly Latency[]): ReportTable {
  return {
    title: 'Latency',
    head: ['way', 'rows', 'p50 ms', 'p95 ms', 'beside HTTP'],
    rows: latencies.map(({ way, rows, p50Ms, p95Ms }) => [
      ...[way, rows.toLocaleString('en'), p50Ms.toFixed(1), p95Ms.toFixed(1)],
      `${(p50Ms / p50Of(latencies, 'HTTP + JSON', rows)).toFixed(2)}×`,
    ]),
  }
}

/** Where the time of one query goes: at the client, at the node, and between. */
function stageTable(latencies: readonly Latency[]): ReportTable {
  const ms = (value: number) => value.toFixed(1)
  return {
    title: 'Stages, ms',
    head: [
      'way',
      'rows',
      'sign, seal',
      'verify',
      'guard',
      'engine',
      'encode',
      'open',
      'inflate',
      'check',
      'wait',
      'whole',
    ],
    rows: latencies.flatMap(({ way, rows, timings: t }) => {
      if (t === undefined) return []
      const node = [t.verifyMs, t.guardMs, t.engineMs, t.encodeMs]
      const wait = t.totalMs - t.sealMs - t.checkMs - node.reduce((sum, each) => sum + each, 0)
      const stages = [t.sealMs, ...node, t.openMs, t.inflateMs, t.checkMs, Math.max(0, wait), t.totalMs]
      return [[way, rows.toLocaleString('en'), ...stages.map(ms)]]
    }),
  }
}

function throughputTable(throughputs: readonly Throughput[]): ReportTable {
  const byWay = Map.groupBy(throughputs, ({ way }) => way)
  return {
    title: 'Queries a second, 1 row',
    head: ['way', ...clients.map((count) => `${count} at once`)],
    rows: [...byWay].map(([way, entries]) => [way, ...entries.map(({ perSecond }) => perSecond.toFixed(0))]),
  }
}

type Goal = { goal: string; measured: number; isMet: boolean }

function goalsOf(latencies: readonly Latency[], { share }: NodeShare): Goal[] {
  const http = (rows: number) => p50Of(latencies, 'HTTP + JSON', rows)
  const direct = (rows: number) => p50Of(latencies, 'direct path', rows)
  return [
    {
      goal: '1 row, direct path at most 1.25 × HTTP + JSON',
      measured: direct(1) / http(1),
      isMet: direct(1) <= 1.25 * http(1),
    },
    {
      goal: '100,000 rows, direct path at least 3 × faster than HTTP + JSON',
      measured: http(100_000) / direct(100_000),
      isMet: http(100_000) >= 3 * direct(100_000),
    },
    {
      goal: 'verifying and sealing leave at least 0.60 × the queries a second of the raw engine',
      measured: share,
      isMet: share >= 0.6,
    },
  ]
}

function goalTable(goals: readonly Goal[]): ReportTable {
  const rows = goals.map(({ goal, measured, isMet }) => [goal, `${measured.toFixed(2)}×`, isMet ? '✓' : '✗'])
  return { title: 'Goals', head: ['goal', 'measured', ''], rows }
}

function p50Of(latencies: readonly Latency[], way: string, rows: number): number {
  return latencies.find((each) => each.way === way && each.rows === rows)?.p50Ms ?? NaN
}
