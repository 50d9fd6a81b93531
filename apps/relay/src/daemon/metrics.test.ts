import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MarketplaceError } from '@enigma/protocol'
import type { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AnswerRecord } from '../roles/persistence/answer-query.ts'
import { createMetrics, type Metrics, type MetricSources } from './metrics.ts'

const idle = { processes: 0, busy: 0, waiting: 0, killed: 0 }
const sources: MetricSources = {
  persistence: () => ({
    queriesUnderWay: 3,
    datasets: [],
    engines: { subscribers: { processes: 3, busy: 2, waiting: 5, killed: 1 }, samples: idle },
  }),
  connections: () => [{ direction: 'inbound' }, { direction: 'inbound' }, { direction: 'outbound' }],
  reservations: () => 4,
  relays: () => [{ state: 'ready' }, { state: 'waiting' }],
  chain: () => ({
    state: 'following',
    head: { number: 77, hash: '0x', timestamp: 1 } as never,
    headAgeSeconds: 2,
    isStale: false,
    failures: 0,
    lastError: undefined,
  }),
}
const record: AnswerRecord = {
  dataset: `0x${'da'.repeat(32)}`,
  kind: 'query',
  account: `0x${'ac'.repeat(20)}`,
  code: undefined,
  cause: undefined,
  rows: 10,
  bytes: 1000,
  totalMs: 20,
}

/** The lines of ours, without comments. */
async function linesOf(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith('enigma_'))
}

describe('the metrics of a node', () => {
  let metrics: Metrics
  beforeEach(() => {
    metrics = createMetrics()
  })
  afterEach(() => metrics.registry.clear())

  test('are those that docs/metrics.md names, and the defaults', async () => {
    metrics.watch(sources)
    const text = await readFile(join(import.meta.dirname, '../../../../docs/metrics.md'), 'utf8')
    const documented = [...text.matchAll(/^\| `(enigma_\w+)` +\| (\w+) +\| (.*?) *\|/gm)].map(
      ([, name, kind, labels]) => ({
        name,
        type: kind,
        labels: [...(labels ?? '').matchAll(/`(\w+)`/g)].map(([, label]) => label),
      }),
    )
    const all = metrics.registry.getMetricsAsArray() as unknown as {
      name: string
      type: string
      labelNames: string[]
    }[]
    const ours = all.filter(({ name }) => name.startsWith('enigma_'))
    const registered = ours.map(({ name, type, labelNames }) => ({ name, type, labels: labelNames }))
    const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
      String(a.name) < String(b.name) ? -1 : 1
    expect(documented.toSorted(byName)).toEqual(registered.toSorted(byName))
    expect(await metrics.registry.metrics()).toContain('process_cpu_seconds_total')
  })

  test('count queries by how they ended, and name nobody', async () => {
    metrics.onAnswered(record)
    metrics.onAnswered({ ...record, kind: 'sample', code: 'too-slow', rows: 0, bytes: 0, totalMs: 4000 })
    metrics.onAnswered({ ...record, code: 'aborted' })
    metrics.onUnopened(new MarketplaceError({ code: 'busy', message: 'Full.' }))
    metrics.onUnopened(new Error('a text of somebody else'))
    const lines = await linesOf(metrics.registry)
    expect(lines).toEqual(
      expect.arrayContaining([
        'enigma_queries_total{kind="query",outcome="answered"} 1',
        'enigma_queries_total{kind="sample",outcome="too-slow"} 1',
        'enigma_queries_total{kind="query",outcome="aborted"} 1',
        'enigma_queries_total{kind="unopened",outcome="busy"} 1',
        'enigma_queries_total{kind="unopened",outcome="internal"} 1',
        'enigma_answer_rows_total{kind="query"} 20',
        'enigma_answer_bytes_total{kind="query"} 2000',
        'enigma_query_duration_seconds_bucket{le="0.025",kind="query",result="answered"} 1',
        'enigma_query_duration_seconds_bucket{le="2.5",kind="sample",result="refused"} 0',
        'enigma_query_duration_seconds_bucket{le="5",kind="sample",result="refused"} 1',
      ]),
    )
    expect(lines.join()).not.toMatch(/0x|somebody/)
  })

  test('show what a relay passes on, and nothing held when it is over', async () => {
    const one = metrics.watchForward()
    const other = metrics.watchForward()
    one.onBuffered(500)
    other.onBuffered(300)
    one.onBuffered(200)
    one.onPassed(700)
    expect(await linesOf(metrics.registry)).toEqual(
      expect.arrayContaining([
        'enigma_forwarded_queries_open 2',
        'enigma_forwarded_buffered_bytes 500',
        'enigma_forwarded_bytes_total 700',
      ]),
    )
    for (const watch of [one, other]) watch.onBuffered(0)
    one.onEnd(undefined)
    other.onEnd(new MarketplaceError({ code: 'no-route', message: 'No way.' }))
    expect(await linesOf(metrics.registry)).toEqual(
      expect.arrayContaining([
        'enigma_forwarded_queries_open 0',
        'enigma_forwarded_buffered_bytes 0',
        'enigma_forwarded_queries_total{outcome="answered"} 1',
        'enigma_forwarded_queries_total{outcome="no-route"} 1',
      ]),
    )
  })

  test('count snapshots and runs', async () => {
    metrics.onSnapshotAccepted()
    metrics.onRun({ state: 'ok', code: null })
    metrics.onRun({ state: 'failed', code: 'script-timeout' })
    expect(await linesOf(metrics.registry)).toEqual(
      expect.arrayContaining([
        'enigma_snapshots_accepted_total 1',
        'enigma_worker_runs_total{outcome="ok"} 1',
        'enigma_worker_runs_total{outcome="script-timeout"} 1',
      ]),
    )
  })

  test('read the present at each scrape, and leave out what there is not', async () => {
    let persistence = sources.persistence()
    metrics.watch({
      ...sources,
      persistence: () => persistence,
      chain: () => ({ ...sources.chain(), head: undefined, headAgeSeconds: undefined }),
    })
    expect(await linesOf(metrics.registry)).toEqual(
      expect.arrayContaining([
        'enigma_queries_open 3',
        'enigma_engine_processes{engine="subscribers",state="busy"} 2',
        'enigma_engine_processes{engine="subscribers",state="idle"} 1',
        'enigma_engine_waiting{engine="subscribers"} 5',
        'enigma_engine_processes_killed_total{engine="subscribers"} 1',
        'enigma_connections{direction="inbound"} 2',
        'enigma_reservations 4',
        'enigma_relays{state="ready"} 1',
        'enigma_relays{state="dialling"} 0',
      ]),
    )
    persistence = undefined
    const lines = await linesOf(metrics.registry)
    expect(lines.join('\n')).not.toMatch(/enigma_(queries_open|engine|chain)/)
  })
})
