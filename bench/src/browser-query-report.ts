/** The tables, goals and notes of `bench browser-query`. */
import type { BenchReport, ReportTable } from './report.ts'

export const fetchWay = 'fetch + JSON.parse'

export type Measured = {
  way: string
  rows: number
  p50Ms: number
  firstMs: number
  /** Of the columns that a caller has. */
  bytes: number
  /** That the transport carried. */
  wireBytes: number
  /** For a raw stream of the same transport to carry `wireBytes`, and `bytes`; of long answers only. */
  rawMs: number | undefined
  rawDataMs: number | undefined
  transport: string
  /** Milliseconds of one answer's stages, at the node and here. */
  stages: Readonly<Record<string, number>>
  longestTaskMs: number
  peakBytes: number
}

type Goal = { goal: string; measured: string; isMet: boolean }

/** What a share of a raw stream must be. */
const rawShare = 0.8

/** The machine while it was measured: its one-minute averages of processes that want a core. */
export type Machine = { loads: readonly number[]; cores: number }

export function toReport(measured: readonly Measured[], { loads, cores }: Machine): BenchReport {
  const goals = goalsOf(measured)
  return {
    tables: [wayTable(measured), rawTable(measured), stageTable(measured), goalTable(goals)],
    notes: [
      'Each way and size ran in a page of its own, one after the other; fetch reads the same engine by HTTP, without proof or encryption.',
      'Rows of the paths are columns, decrypted, receipt verified; rows of fetch are objects after JSON.parse.',
      'Longest task by the browser’s own long-task entries, which begin at 50 ms; peak is the renderer’s resident memory.',
      'A raw stream is a libp2p stream of the same page’s host to a process with a daemon’s host, which sends ready bytes: no query, no engine, no sealing. It reads as many as the answer had on the wire (deflated and sealed), and as many as its columns have. For the blind path it is the WebSocket of one hop.',
      'Stages overlap each other and the transport, and share this machine’s cores with engine, node, relay and browser.',
      `Between ${Math.min(...loads).toFixed(1)} and ${Math.max(...loads).toFixed(1)} processes wanted one of ${cores} cores, this bench’s own among them; with many more than that, times and longest tasks are mostly those of waiting for a core.`,
      ...boundsOf(measured),
    ],
    figures: { measured, goals, loads, cores },
    isMet: goals.every(({ isMet }) => isMet),
  }
}

/** What the longest answers wait for, said from their own stages. */
function boundsOf(measured: readonly Measured[]): string[] {
  return measured.filter(isLong).map(({ way, p50Ms, rawMs, stages }) => {
    const [slowest = 'none', ms = 0] = Object.entries(stages).toSorted(([, a], [, b]) => b - a)[0] ?? []
    const share = ((100 * ms) / p50Ms).toFixed(0)
    return `${way}, 1,000,000 rows: the longest stage is ${slowest} with ${ms.toFixed(0)} ms (${share} % of the answer); the transport alone needs ${(rawMs ?? 0).toFixed(0)} ms.`
  })
}

const isLong = ({ rows, rawMs }: Measured) => rows === 1_000_000 && rawMs !== undefined

function wayTable(measured: readonly Measured[]): ReportTable {
  return {
    title: 'One query in Chromium',
    head: ['way', 'rows', 'p50 ms', 'first rows ms', 'beside fetch', 'longest task ms', 'peak MiB'],
    rows: measured.map(({ way, rows, p50Ms, firstMs, longestTaskMs, peakBytes: peak }) => [
      ...[way, rows.toLocaleString('en'), p50Ms.toFixed(1), firstMs.toFixed(1)],
      `${(p50Ms / p50Of(measured, fetchWay, rows)).toFixed(2)}×`,
      longestTaskMs === 0 ? '< 50' : longestTaskMs.toFixed(0),
      (peak / 1024 ** 2).toFixed(0),
    ]),
  }
}

function rawTable(measured: readonly Measured[]): ReportTable {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(0)} %`
  return {
    title: 'Beside a raw libp2p stream of the same transport',
    head: ['way', 'rows', 'p50 ms', 'wire MB', 'raw ms', 'share', 'columns MB', 'raw ms', 'share'],
    rows: measured.flatMap(({ way, rows, p50Ms, wireBytes, rawMs, bytes, rawDataMs }) => {
      if (rawMs === undefined || rawDataMs === undefined) return []
      const wire = [megabytes(wireBytes), rawMs.toFixed(0), percent(rawMs, p50Ms)]
      const columns = [megabytes(bytes), rawDataMs.toFixed(0), percent(rawDataMs, p50Ms)]
      return [[way, rows.toLocaleString('en'), p50Ms.toFixed(0), ...wire, ...columns]]
    }),
  }
}

const stageNames = ['engineMs', 'encodeMs', 'openMs', 'inflateMs', 'checkMs'] as const

function stageTable(measured: readonly Measured[]): ReportTable {
  return {
    title: 'Where the time goes, in ms of one answer',
    head: ['way', 'rows', 'engine', 'encode', 'open', 'inflate', 'check'],
    rows: measured
      .filter(({ rawMs }) => rawMs !== undefined)
      .map(({ way, rows, stages }) => [
        ...[way, rows.toLocaleString('en')],
        ...stageNames.map((name) => (stages[name] ?? 0).toFixed(0)),
      ]),
  }
}

function goalsOf(measured: readonly Measured[]): Goal[] {
  const ratio = (rows: number) => p50Of(measured, 'direct, WebSocket', rows) / p50Of(measured, fetchWay, rows)
  const longest = Math.max(
    ...measured
      .filter(({ way, rows }) => rows === 1_000_000 && !way.startsWith('fetch'))
      .map((each) => each.longestTaskMs),
  )
  return [
    ...([1, 100] as const).map((rows) => ({
      goal: `${rows} ${rows === 1 ? 'row' : 'rows'} by WebSocket at most 1.25 × fetch`,
      measured: `${ratio(rows).toFixed(2)}×`,
      isMet: ratio(rows) <= 1.25,
    })),
    {
      goal: '100,000 rows by WebSocket faster than fetch + JSON.parse',
      measured: `${ratio(100_000).toFixed(2)}×`,
      isMet: ratio(100_000) < 1,
    },
    {
      goal: '1,000,000 rows without a main-thread task over 50 ms',
      measured: longest === 0 ? 'none' : `${longest.toFixed(0)} ms`,
      isMet: longest <= 50,
    },
    ...measured.filter(isLong).map(({ way, p50Ms, rawMs = 0 }) => ({
      goal: `${way}, 1,000,000 rows: at least 80 % of what a raw stream carries`,
      measured: `${((100 * rawMs) / p50Ms).toFixed(0)} %`,
      isMet: rawMs / p50Ms >= rawShare,
    })),
  ]
}

function goalTable(goals: readonly Goal[]): ReportTable {
  const rows = goals.map(({ goal, measured, isMet }) => [goal, measured, isMet ? '✓' : '✗'])
  return { title: 'Goals', head: ['goal', 'measured', ''], rows }
}

function p50Of(measured: readonly Measured[], way: string, rows: number): number {
  return measured.find((each) => each.way === way && each.rows === rows)?.p50Ms ?? Number.NaN
}
