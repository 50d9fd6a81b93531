/** The roles that hold data, persistence and worker, composed over one snapshot store. */
import { totalmem, uptime } from 'node:os'
import { type VerifyContractSignature, verifyManifest } from '@enigma/crypto'
import { handleAcceptance, handleUsage, type ProtocolServer } from '@enigma/network'
import type { Deployment } from '@enigma/protocol'
import { noncesKnownSince } from './backup-facts.ts'
import { catchUpPublisher } from './catch-up-publisher.ts'
import { createSnapshotPush, serveSnapshots } from './snapshot-exchange.ts'
import type { Host } from '../host/create-host.ts'
import type { ChainMirror } from '../chain-mirror/chain-mirror.ts'
import type { NodeConfig } from '../config.ts'
import { createDuckdbEngine } from '../roles/persistence/engine/duckdb/duckdb-engine.ts'
import { createMemoryRoom } from '../roles/persistence/engine/duckdb/memory-room.ts'
import { accountShareOf } from '../roles/persistence/persistence-limits.ts'
import type { DatasetTerms } from '../roles/persistence/dataset-service.ts'
import { type PersistenceRole, startPersistenceRole } from '../roles/persistence/start-persistence-role.ts'
import { systemClock } from '../clock.ts'
import { createRunLog } from '../roles/worker/run-log.ts'
import { findSandboxTools, type SandboxTools } from '../roles/worker/sandbox/sandbox-tools.ts'
import { startWorkerRole, type WorkerRole } from '../roles/worker/start-worker-role.ts'
import { createSegmentWorker, type RunSegmentWork } from '../snapshot/segment-worker.ts'
import { createManifestWatcher, type ManifestWatcher, type OwnDataset } from './manifest-watcher.ts'
import type { Guests } from './guests.ts'
import { openGuests } from './open-guests.ts'
import { readScript } from './read-script.ts'
import type { NodeState } from './node-state.ts'
import type { Peers } from './peers.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

export type DataRolesParts = {
  config: NodeConfig
  deployment: Deployment
  state: NodeState
  host: Host
  mirror: ChainMirror
  peers: Peers
  log: Log
  verifyContractSignature: VerifyContractSignature
  nowSeconds: () => number
  metrics: Pick<Metrics, 'onAnswered' | 'onUnopened' | 'onSnapshotAccepted' | 'onRun'>
  /** Told when the datasets of this node changed, for the node record. */
  onDatasets: () => void
}

export type DataRoles = {
  persistence: PersistenceRole | undefined
  worker: WorkerRole | undefined
  watcher: ManifestWatcher
  /** Whether curators whom the operator does not know may ask for a place now. */
  readonly acceptsGuests: boolean
  /** Serves snapshots and begins to watch for manifests; call when the query handler stands. */
  start: () => Promise<void>
  stop: () => Promise<void>
}

/** Creates the roles; `start` begins them. */
export function createDataRoles(parts: DataRolesParts): DataRoles {
  const { config, deployment, state, host, mirror, peers, log } = parts
  const onError = (error: unknown) => log.warn({ error }, 'data roles')
  const tools = findSandboxTools()
  const work = createSegmentWorker({ temporaryDirectory: state.snapshots.temporaryDirectory, tools })
  const persistence = config.roles.includes('persistence') ? startPersistence(parts, tools) : undefined
  const worker = config.roles.includes('worker') ? startWorker(parts, work) : undefined
  const guests = persistence === undefined ? undefined : openGuests({ ...parts, tools })
  const watcher = createManifestWatcher({
    datasets: mirror.datasets,
    findManifest: ({ dataset, metadataHash, signal }) =>
      peers.locate({
        dataset,
        signal,
        use: async ({ manifest: signed }) => {
          await verifyManifest({ signed, deployment, expectedHash: metadataHash })
          return signed
        },
      }),
    nowMs: () => performance.now(),
    deployment,
    peerId: host.node.peerId.toString(),
    database: state.databases.node,
    intervalMs: config.chain.pollIntervalMs,
    onError: (error) => log.debug({ error }, 'a manifest is not to be had yet'),
    admit: guests?.admit,
    onChange: async (own) => {
      if (persistence !== undefined) await servePersistence(persistence, own, config)
      await worker?.setDatasets(workerDatasets(own, config))
      parts.onDatasets()
    },
  })
  const servers: ProtocolServer[] = []
  return {
    persistence,
    worker,
    watcher,
    get acceptsGuests() {
      return guests?.isOpen === true
    },
    async start() {
      servers.push(...(await startServers({ parts, work, watcher, persistence, guests, onError })))
      guests?.start(onError)
      watcher.start()
    },
    async stop() {
      await guests?.stop()
      await watcher.stop()
      for (const server of servers) await server.stop()
      await worker?.stop()
      await persistence?.stop()
    },
  }
}

type ServersParameters = Pick<DataRoles, 'watcher' | 'persistence'> & {
  parts: DataRolesParts
  work: RunSegmentWork
  guests: Guests | undefined
  onError: (error: unknown) => void
}

async function startServers({ parts, work, watcher, persistence, guests, onError }: ServersParameters) {
  const { config, deployment, state, host, nowSeconds } = parts
  const { maxSnapshotBytes, keepSnapshots } = config.persistence
  const snapshots = await serveSnapshots({
    host: host.node,
    store: state.snapshots,
    work,
    deployment,
    own: watcher.own,
    onAccepted: async ({ dataset, isNew }) => {
      if (isNew) parts.metrics.onSnapshotAccepted()
      const own = watcher.own(dataset)
      if (own !== undefined) await (await persistence?.serve(termsOf(own, config)))?.settle()
    },
    refusalOf: (dataset) => guests?.refusalOf(dataset),
    nowSeconds,
    ...{ maxSnapshotBytes, keepSnapshots, guestLimits: guestLimitsOf(config) },
    onError,
  })
  const { node } = host
  const usage = persistence && (await handleUsage({ host: node, usage: persistence.usage, onError }))
  const acceptance = guests && (await handleAcceptance({ host: node, desk: guests.desk, onError }))
  return [snapshots, usage, acceptance].filter((server) => server !== undefined)
}

/** One dataset that cannot be served keeps no other from it. */
async function servePersistence(role: PersistenceRole, own: readonly OwnDataset[], config: NodeConfig): Promise<void> {
  const wanted = own.filter(({ roles }) => roles.includes('persistence'))
  for (const dataset of role.datasets()) if (!wanted.some((each) => each.dataset === dataset)) await role.drop(dataset)
  const failures: unknown[] = []
  for (const dataset of wanted) {
    await role.serve(termsOf(dataset, config)).catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}

function termsOf({ manifest, manifestHash, isGuest }: OwnDataset, { persistence }: NodeConfig): DatasetTerms {
  return { manifest, manifestHash, maxDatabaseBytes: isGuest ? persistence.accepts.maxUnpackedBytes : undefined }
}

function guestLimitsOf({ persistence: { accepts } }: NodeConfig) {
  const { maxBytes: maxSnapshotBytes, maxRows: maxSnapshotRows, keepSnapshots } = accepts
  return { maxSnapshotBytes, maxSnapshotRows, keepSnapshots }
}

function startPersistence(
  { config, deployment, state, mirror, peers, log, nowSeconds, metrics, verifyContractSignature }: DataRolesParts,
  tools: SandboxTools,
): PersistenceRole {
  const { processes, memoryBytes, threads, maxQueries, maxMemoryBytes = totalmem() * 0.75 } = config.persistence
  const room = createMemoryRoom({ maxBytes: maxMemoryBytes })
  return startPersistenceRole({
    deployment,
    signer: state.signer,
    chain: mirror,
    confirmations: config.networkFile.confirmations,
    database: state.databases.persistence,
    keys: state.queryKeys,
    store: state.snapshots,
    engine: createDuckdbEngine({ tools, processes, memoryBytes, threads, room }),
    sampleEngine: createDuckdbEngine({
      tools,
      processes: 1,
      memoryBytes: Math.min(memoryBytes, 512 * 1024 ** 2),
      threads: 1,
      room,
    }),
    limits: {
      maxQueries,
      maxQueriesPerAccount: accountShareOf(maxQueries),
      maxHeadAgeSeconds: config.chain.maxHeadAgeSeconds,
    },
    findEmbeds: peers.findEmbeds,
    verifyContractSignature,
    nowSeconds,
    nowMs: () => performance.now(),
    noncesKnownSinceSeconds: noncesKnownSince({
      startedAtSeconds: nowSeconds() - Math.floor(uptime()),
      restored: state.restored,
    }),
    onAnswered: (answered) => {
      const { cause, ...record } = answered
      metrics.onAnswered(answered)
      if (cause === undefined) log.info(record, 'answered')
      else log.warn({ ...record, error: cause }, 'failed to answer')
    },
    onUnopened: metrics.onUnopened,
    onError: (error) => log.warn({ error }, 'persistence'),
  })
}

function startWorker(parts: DataRolesParts, work: ReturnType<typeof createSegmentWorker>): WorkerRole {
  const { config, deployment, state, host, mirror, peers, log, metrics } = parts
  return startWorkerRole({
    datasets: [],
    store: state.snapshots,
    work,
    runLog: createRunLog({ database: state.databases.worker }),
    clock: systemClock,
    deployment,
    publisher: state.signer,
    hostOverrides: config.worker.hostOverrides,
    catchUp: (target, signal) =>
      catchUpPublisher(
        {
          store: state.snapshots,
          work,
          deployment,
          connect: peers.connect,
          peerId: host.node.peerId.toString(),
          publisher: state.signer,
          publishersOf: mirror.publishersOf,
          restored: state.restored,
          nowSeconds: parts.nowSeconds,
          maxSnapshotBytes: config.persistence.maxSnapshotBytes,
          keepSnapshots: config.persistence.keepSnapshots,
        },
        target,
        signal,
      ),
    push: createSnapshotPush({ connect: peers.connect }),
    peerId: host.node.peerId.toString(),
    random: Math.random,
    onRun: ({ log: _, ...run }) => {
      metrics.onRun(run)
      log.info(run, 'curation run')
    },
    onPushFailure: ({ error, ...failure }) => log.warn({ ...failure, error }, 'snapshot not delivered yet'),
    onDatasetFailure: ({ dataset, error }) => log.error({ dataset, error }, 'a dataset cannot be curated'),
  })
}

function workerDatasets(own: readonly OwnDataset[], config: NodeConfig) {
  return own
    .filter(({ roles }) => roles.includes('worker'))
    .map(({ dataset, manifest }) => ({ dataset, manifest, readScript: () => readScript({ manifest, config }) }))
}
