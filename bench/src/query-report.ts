/** The tables and goals of `bench query`. */
import { clientCounts, type Latency, type Throughput } from './query-measure.ts'
import type { Memory } from './query-memory.ts'
import type { NodeShare } from './query-node-share.ts'
import type { BenchReport, ReportTable } from './report.ts'

type Measured = {
  latencies: readonly Latency[]
  /** There and back between this client and the relay. */
  roundTripMs: number
  throughputs: readonly Throughput[]
  memory: Memory
  share: NodeShare
}

/** Builds the report. */
export function toReport(measured: Measured): BenchReport {
  const { latencies, roundTripMs, throughputs, memory, share } = measured
  const goals = goalsOf(measured)
  return {
    tables: [latencyTable(latencies), stageTable(latencies), throughputTable(throughputs), goalTable(goals)],
    notes: [
      'Rows of HTTP + JSON are objects after JSON.parse; rows of the paths are Arrow tables, decrypted, receipt verified.',
      'Ways are asked in turn, round after round; the engine processes are the same code behind HTTP and behind the node.',
      'Stages are means. Client stages overlap; "wait" is the whole less seal, check and what the node says.',
      `${share.nodePerSecond.toFixed(0)} queries a second by the node's whole way without a network, ${share.rawPerSecond.toFixed(0)} by its engine processes alone, four at once.`,
      `${roundTripMs.toFixed(2)} ms there and back on an open stream to the relay: 32 bytes, echoed.`,
      memory.text,
    ],
    figures: { latencies, roundTripMs, throughputs, goals, memory, share },
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
    head: ['way', ...clientCounts.map((count) => `${count} at once`)],
    rows: [...byWay].map(([way, entries]) => [way, ...entries.map(({ perSecond }) => perSecond.toFixed(0))]),
  }
}

type Goal = { goal: string; measured: number; isMet: boolean }

function goalsOf({ latencies, roundTripMs, share: { share } }: Measured): Goal[] {
  const http = (rows: number) => p50Of(latencies, 'HTTP + JSON', rows)
  const direct = (rows: number) => p50Of(latencies, 'direct path', rows)
  const trips = (p50Of(latencies, 'blind path', 1) - direct(1)) / roundTripMs
  return [
    {
      goal: '1 row, direct path at most 1.25 × HTTP + JSON',
      measured: direct(1) / http(1),
      isMet: direct(1) <= 1.25 * http(1),
    },
    { goal: '1 row, blind path at most 1.5 round trips more than direct', measured: trips, isMet: trips <= 1.5 },
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
