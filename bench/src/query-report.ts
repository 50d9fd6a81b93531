/** The tables and goals of `bench query`. */
import { clientCounts, type Latency, type Throughput } from './query-measure.ts'
import type { Memory } from './query-memory.ts'
import type { NodeShare } from './query-node-share.ts'
import type { Processor } from './query-processor.ts'
import type { BenchReport, ReportTable } from './report.ts'

type Measured = {
  latencies: readonly Latency[]
  /** There and back between this client and the relay. */
  roundTripMs: number
  throughputs: readonly Throughput[]
  processor: readonly Processor[]
  memory: Memory
  share: NodeShare
}

/** Builds the report. */
export function toReport(measured: Measured): BenchReport {
  const { latencies, roundTripMs, throughputs, processor, memory, share } = measured
  const goals = goalsOf(measured)
  return {
    tables: [
      ...[latencyTable(latencies), stageTable(latencies), processorTable(processor)],
      ...[throughputTable(throughputs), goalTable(goals)],
    ],
    notes: [
      'Rows of HTTP + JSON are objects after JSON.parse; rows of the paths are Arrow tables, decrypted, receipt verified.',
      'Ways are asked in turn, round after round; the engine processes are the same code behind HTTP and behind the node.',
      'Stages are means. Client stages overlap; "wait" is the whole less seal, check and what the node says.',
      `${share.nodePerSecond.toFixed(0)} queries a second by the node's whole way without a network, ${share.rawPerSecond.toFixed(0)} by its engine processes alone, four at once.`,
      `${roundTripMs.toFixed(2)} ms there and back on an open stream to the relay: 32 bytes, echoed.`,
      ...goals.flatMap(({ isMet, bound }) => (isMet ? [] : [bound])),
      memory.text,
    ],
    figures: { latencies, roundTripMs, throughputs, processor, goals, memory, share },
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

/** What bounds a goal that was missed: on two cores the work of client, server and engines, one after the other. */
function processorTable(processor: readonly Processor[]): ReportTable {
  return {
    title: 'Processor time a query, ms',
    head: ['way', 'rows', 'client', 'server', 'its engines', 'sum'],
    rows: processor.map(({ way, rows, clientMs, serverMs, enginesMs }) => {
      const all = [clientMs, serverMs, enginesMs, clientMs + serverMs + enginesMs]
      return [way, rows.toLocaleString('en'), ...all.map((ms) => ms.toFixed(1))]
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

/** `bound`: what to look at when it is missed. */
type Goal = { goal: string; measured: number; isMet: boolean; bound: string }

function goalsOf({ latencies, roundTripMs, processor, share: { share } }: Measured): Goal[] {
  const http = (rows: number) => p50Of(latencies, 'HTTP + JSON', rows)
  const direct = (rows: number) => p50Of(latencies, 'direct path', rows)
  const work = (way: string, rows: number) => {
    const found = processor.find((each) => each.way === way && each.rows === rows)
    return found === undefined ? '?' : (found.clientMs + found.serverMs + found.enginesMs).toFixed(1)
  }
  const trips = (p50Of(latencies, 'blind path', 1) - direct(1)) / roundTripMs
  return [
    {
      goal: '1 row, direct path at most 1.25 × HTTP + JSON',
      measured: direct(1) / http(1),
      isMet: direct(1) <= 1.25 * http(1),
      bound: `1 row is bound by processor time: ${work('direct path', 1)} ms a query on the direct path, ${work('HTTP + JSON', 1)} ms by HTTP + JSON.`,
    },
    {
      goal: '1 row, blind path at most 1.5 round trips more than direct',
      measured: trips,
      isMet: trips <= 1.5,
      bound: `A round trip is ${roundTripMs.toFixed(2)} ms here; what the blind path takes more is the relay's work on two encrypted connections.`,
    },
    {
      goal: '100,000 rows, direct path at least 3 × faster than HTTP + JSON',
      measured: http(100_000) / direct(100_000),
      isMet: http(100_000) >= 3 * direct(100_000),
      bound: `100,000 rows are bound by processor time: ${work('direct path', 100_000)} ms on the direct path, ${work('HTTP + JSON', 100_000)} ms by HTTP + JSON.`,
    },
    {
      goal: 'verifying and sealing leave at least 0.60 × the queries a second of the raw engine',
      measured: share,
      isMet: share >= 0.6,
      bound:
        'The share of the engine is bound by the signatures, key agreements and the transaction of a query at the node.',
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
