/**
 * What a node counts, for Prometheus (docs/metrics.md). Labels have few values that are known beforehand: never an
 * account, a peer, a dataset or a text of somebody else.
 */
import { MarketplaceError } from '@enigma/protocol'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ChainMirrorHealth } from '../chain-mirror/chain-mirror.ts'
import { type RelayLink, relayLinkStates } from '../host/relay-keeper.ts'
import type { AnswerRecord } from '../roles/persistence/answer-query.ts'
import type { PersistenceHealth } from '../roles/persistence/start-persistence-role.ts'
import type { ForwardWatch } from '../roles/relay/watch-forwards.ts'
import type { CurationRun } from '../roles/worker/run-log.ts'

/** Where values come from that are read at each scrape; a role that this node does not have gives undefined. */
export type MetricSources = {
  persistence: () => PersistenceHealth | undefined
  connections: () => readonly { direction: 'inbound' | 'outbound' }[]
  /** Reservations that others hold here. */
  reservations: () => number
  /** Relays that this node keeps a connection to. */
  relays: () => readonly Pick<RelayLink, 'state'>[]
  chain: () => ChainMirrorHealth
}

export type Metrics = {
  readonly registry: Registry
  onAnswered: (record: AnswerRecord) => void
  onUnopened: (error: unknown) => void
  watchForward: () => ForwardWatch
  onSnapshotAccepted: () => void
  onRun: (run: Pick<CurationRun, 'state' | 'code'>) => void
  /** Adds what is read at each scrape. */
  watch: (sources: MetricSources) => void
}

/** Bounds of the buckets of `enigma_query_duration_seconds`: from a small answer to the longest that one may take. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900]

/** Creates the metrics of one node. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    ...createQueryMetrics(registry),
    ...createRelayMetrics(registry),
    ...createDataMetrics(registry),
    watch(sources) {
      watchPersistence(registry, sources)
      watchNetwork(registry, sources)
      watchChain(registry, sources)
    },
  }
}

function createQueryMetrics(registry: Registry): Pick<Metrics, 'onAnswered' | 'onUnopened'> {
  const registers = [registry]
  const queries = new Counter({
    name: 'enigma_queries_total',
    help: 'Queries that reached this node as their audience, by how they ended.',
    labelNames: ['kind', 'outcome'],
    registers,
  })
  const rows = new Counter({
    name: 'enigma_answer_rows_total',
    help: 'Rows handed out in answers.',
    labelNames: ['kind'],
    registers,
  })
  const bytes = new Counter({
    name: 'enigma_answer_bytes_total',
    help: 'Bytes handed out in answers, before compression.',
    labelNames: ['kind'],
    registers,
  })
  const duration = new Histogram({
    name: 'enigma_query_duration_seconds',
    help: 'From the arrival of a query to the last frame that was handed out.',
    labelNames: ['kind', 'result'],
    buckets: durationBuckets,
    registers,
  })
  return {
    onAnswered({ kind, code, rows: rowCount, bytes: byteCount, totalMs }) {
      queries.inc({ kind, outcome: code ?? 'answered' })
      rows.inc({ kind }, rowCount)
      bytes.inc({ kind }, byteCount)
      const result = code === undefined ? 'answered' : code === 'aborted' ? 'aborted' : 'refused'
      duration.observe({ kind, result }, totalMs / 1000)
    },
    onUnopened: (error) => queries.inc({ kind: 'unopened', outcome: codeOf(error) }),
  }
}

function createRelayMetrics(registry: Registry): Pick<Metrics, 'watchForward'> {
  const registers = [registry]
  const forwards = new Counter({
    name: 'enigma_forwarded_queries_total',
    help: 'Queries that this relay passed on, by how they ended.',
    labelNames: ['outcome'],
    registers,
  })
  const open = new Gauge({
    name: 'enigma_forwarded_queries_open',
    help: 'Queries that this relay is passing on now.',
    registers,
  })
  const passed = new Counter({
    name: 'enigma_forwarded_bytes_total',
    help: 'Bytes of answers that this relay passed on.',
    registers,
  })
  const buffered = new Gauge({
    name: 'enigma_forwarded_buffered_bytes',
    help: 'Bytes of answers that have arrived and were not passed on, as last seen of each query that is open.',
    registers,
  })
  return {
    watchForward() {
      let held = 0
      open.inc()
      return {
        onBuffered(bytes) {
          buffered.inc(bytes - held)
          held = bytes
        },
        onPassed: (bytes) => passed.inc(bytes),
        onEnd(failure) {
          open.dec()
          forwards.inc({ outcome: failure === undefined ? 'answered' : codeOf(failure) })
        },
      }
    },
  }
}

function createDataMetrics(registry: Registry): Pick<Metrics, 'onSnapshotAccepted' | 'onRun'> {
  const registers = [registry]
  const snapshots = new Counter({
    name: 'enigma_snapshots_accepted_total',
    help: 'Snapshots of publishers that this node took in.',
    registers,
  })
  const runs = new Counter({
    name: 'enigma_worker_runs_total',
    help: 'Runs of curation scripts, by how they ended.',
    labelNames: ['outcome'],
    registers,
  })
  return {
    onSnapshotAccepted: () => snapshots.inc(),
    onRun: ({ state, code }) => runs.inc({ outcome: code ?? state }),
  }
}

function watchPersistence(registry: Registry, { persistence }: MetricSources): void {
  const engines = () => Object.entries(persistence()?.engines ?? {})
  watchGauge(registry, {
    name: 'enigma_queries_open',
    help: 'Queries that this node is verifying or answering now.',
    read: () => [[{}, persistence()?.queriesUnderWay]],
  })
  watchGauge(registry, {
    name: 'enigma_datasets_served',
    help: 'Datasets with a snapshot that this node answers from.',
    read: () => [[{}, persistence()?.datasets.filter(({ seq }) => seq !== undefined).length]],
  })
  watchGauge(registry, {
    name: 'enigma_engine_processes',
    help: 'Engine processes, with those that ingest.',
    labelNames: ['engine', 'state'],
    read: () =>
      engines().flatMap(([engine, { processes, busy }]): Sample[] => [
        [{ engine, state: 'busy' }, busy],
        [{ engine, state: 'idle' }, processes - busy],
      ]),
  })
  watchGauge(registry, {
    name: 'enigma_engine_waiting',
    help: 'Queries that wait for an engine process.',
    labelNames: ['engine'],
    read: () => engines().map(([engine, { waiting }]) => [{ engine }, waiting]),
  })
  new Counter({
    name: 'enigma_engine_processes_killed_total',
    help: 'Engine processes that did not end when told to.',
    labelNames: ['engine'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [engine, { killed }] of engines()) this.inc({ engine }, killed)
    },
  })
}

function watchNetwork(registry: Registry, { connections, reservations, relays }: MetricSources): void {
  watchGauge(registry, {
    name: 'enigma_connections',
    help: 'Connections to other peers.',
    labelNames: ['direction'],
    read: () => {
      const open = connections()
      const count = (direction: string) => open.filter((each) => each.direction === direction).length
      return ['inbound', 'outbound'].map((direction) => [{ direction }, count(direction)])
    },
  })
  watchGauge(registry, {
    name: 'enigma_reservations',
    help: 'Reservations that private nodes hold at this relay.',
    read: () => [[{}, reservations()]],
  })
  watchGauge(registry, {
    name: 'enigma_relays',
    help: 'Relays that this node keeps a connection to, by the state of that.',
    labelNames: ['state'],
    read: () => {
      const known = relays()
      return relayLinkStates.map((state) => [{ state }, known.filter((each) => each.state === state).length])
    },
  })
}

function watchChain(registry: Registry, { chain }: MetricSources): void {
  watchGauge(registry, {
    name: 'enigma_chain_head_block',
    help: 'Number of the newest block that this node knows.',
    read: () => [[{}, chain().head?.number]],
  })
  watchGauge(registry, {
    name: 'enigma_chain_head_age_seconds',
    help: 'Seconds since the time of that block.',
    read: () => [[{}, chain().headAgeSeconds]],
  })
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined]
type WatchGaugeParameters = { name: string; help: string; labelNames?: string[]; read: () => readonly Sample[] }

/** A gauge that is read at each scrape; what has no value is not shown, rather than as zero. */
function watchGauge(registry: Registry, { read, ...what }: WatchGaugeParameters): void {
  new Gauge({
    ...what,
    registers: [registry],
    collect() {
      this.reset()
      this.remove({})
      for (const [labels, value] of read()) if (value !== undefined) this.set(labels, value)
    },
  })
}

/** A code of the closed union; an error that is none of ours has no text here. */
function codeOf(error: unknown): string {
  return error instanceof MarketplaceError ? error.code : 'internal'
}
