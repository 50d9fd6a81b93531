/**
 * How long the ways take. They are asked in turn, a few times each and round after round, so that whatever else this
 * machine does and however warm its programs are hits all alike.
 */
import type { QueryResult } from '@enigma/client'
import type { Way } from './query-ways.ts'

/** `warm` and `rounds`: times that all ways are asked in turn, `each` times one after the other. */
const sizes = [
  { rows: 1, warm: 30, rounds: 30, each: 5 },
  { rows: 100, warm: 4, rounds: 20, each: 5 },
  { rows: 100_000, warm: 3, rounds: 15, each: 1 },
] as const
export const clientCounts = [1, 4, 16] as const
const loadRounds = 3
const millisecondsPerLoad = 1500

export type Latency = {
  way: string
  rows: number
  p50Ms: number
  p95Ms: number
  /** Means of what the client says of each query: where its time went. */
  timings?: QueryResult['timings']
  transport?: string
}
export type Throughput = { way: string; clients: number; perSecond: number }

/** Latencies of all sizes. */
export async function measureLatencies(ways: readonly Way[], tell: (text: string) => void): Promise<Latency[]> {
  const latencies: Latency[] = []
  for (const { rows, warm, rounds, each } of sizes) {
    for (let round = 0; round < warm; round++) for (const way of ways) await askTimes(way, rows, each)
    const asked = new Map<Way, Asked[]>(ways.map((way) => [way, []]))
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) asked.get(way)?.push(...(await askTimes(way, rows, each)))
    }
    for (const [way, all] of asked) latencies.push(latencyOf(way, rows, all))
    tell(`${rows.toLocaleString('en')} rows: done`)
  }
  return latencies
}

/** Queries of one row that each way answers in a second, by how many ask at once; the best of the rounds. */
export async function measureThroughputs(ways: readonly Way[], tell: (text: string) => void): Promise<Throughput[]> {
  const throughputs: Throughput[] = []
  for (const clients of clientCounts) {
    const best = new Map<Way, number>()
    for (let round = 0; round < loadRounds; round++) {
      for (const way of ways) best.set(way, Math.max(best.get(way) ?? 0, await askAtOnce(way, clients)))
    }
    for (const [{ name }, perSecond] of best) throughputs.push({ way: name, clients, perSecond })
    tell(`${clients} at once: done`)
  }
  return throughputs
}

type Asked = { ms: number; result: QueryResult | undefined }

async function askTimes({ ask }: Way, rows: number, times: number): Promise<Asked[]> {
  const all: Asked[] = []
  for (let index = 0; index < times; index++) {
    const started = performance.now()
    const result = await ask(rows)
    all.push({ ms: performance.now() - started, result })
  }
  return all
}

async function askAtOnce({ ask }: Way, count: number): Promise<number> {
  const started = performance.now()
  const end = started + millisecondsPerLoad
  let done = 0
  const client = async () => {
    while (performance.now() < end) {
      await ask(1)
      done++
    }
  }
  await Promise.all(Array.from({ length: count }, client))
  return done / ((performance.now() - started) / 1000)
}

function latencyOf({ name }: Way, rows: number, asked: readonly Asked[]): Latency {
  const times = asked.map(({ ms }) => ms)
  const latency = { way: name, rows, p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95) }
  const results = asked.flatMap(({ result }) => (result === undefined ? [] : [result]))
  const [first] = results
  if (first === undefined) return latency
  const mean = (stage: keyof QueryResult['timings']) => {
    return results.reduce((sum, { timings }) => sum + timings[stage], 0) / results.length
  }
  const stages = Object.keys(first.timings) as (keyof QueryResult['timings'])[]
  const timings = Object.fromEntries(stages.map((stage) => [stage, mean(stage)])) as QueryResult['timings']
  return { ...latency, timings, transport: first.transport.kind }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}
