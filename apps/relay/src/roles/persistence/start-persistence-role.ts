/**
 * The persistence role: answers queries on the datasets that it serves. Everything that touches the world is handed in;
 * main.ts composes it with the host (`handleQueries`), the chain mirror and the snapshot store.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Signer, VerifyContractSignature } from '@enigma/crypto'
import type { UsageDesk } from '@enigma/network'
import { datasetIdOf, type Deployment, type Hex, MarketplaceError } from '@enigma/protocol'
import { budgetMigrations, createBudgetStore } from '../../store/budget-store.ts'
import { createGrantStore, grantMigrations } from '../../store/grant-store.ts'
import { createGroupCommit } from '../../store/group-commit.ts'
import { createNonceStore, nonceMigrations } from '../../store/nonce-store.ts'
import type { Migration } from '../../store/open-database.ts'
import { type AnswerQuery, type AnswerRecord, createAnswerQuery } from './answer-query.ts'
import type { ChainView } from './chain-view.ts'
import { createDatasetService, type DatasetHealth, type DatasetService, type DatasetTerms } from './dataset-service.ts'
import type { EngineHealth } from './engine/engine.ts'
import { createUsageDesk } from './create-usage-desk.ts'
import { createGrantWatch, type CreateGrantWatchParameters } from './grant-watch.ts'
import type { OpenDatabaseParts } from './open-databases.ts'
import { createOlderRoom } from './older-snapshots.ts'
import { type PersistenceLimits, persistenceLimits } from './persistence-limits.ts'
import { createQueryGate } from './query-gate.ts'
import type { QueryKeys } from './query-keys.ts'
import { createProbeLimiter, createSampleLimiter } from './sample-limits.ts'
import { createGrantVerifier } from './verify-grants.ts'
import { createP256Verifier } from './verify-p256.ts'
import { createQueryVerifier } from './verify-query.ts'

/** The migrations of the database that the role is given. */
export const persistenceMigrations: readonly Migration[] = [...nonceMigrations, ...budgetMigrations, ...grantMigrations]

export type PersistenceRoleParts = OpenDatabaseParts & {
  deployment: Deployment
  /** The node's signing account: the audience of queries, and what signs receipts. */
  signer: Signer
  chain: ChainView
  /** Of the network file. */
  confirmations: number
  /** Opened with `persistenceMigrations`; closed by its owner after `stop`. */
  database: DatabaseSync
  keys: QueryKeys
  limits?: Partial<PersistenceLimits>
  findEmbeds: CreateGrantWatchParameters['findEmbeds']
  /** ERC-1271; without it only plain accounts can grant. */
  verifyContractSignature?: VerifyContractSignature | undefined
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
  /** Unix seconds: the start of this machine, or when its data came back from a backup. */
  noncesKnownSinceSeconds: number
  onAnswered: (record: AnswerRecord) => void
  /** Told of each query that was refused before it was opened. */
  onUnopened: (error: unknown) => void
  onError: (error: unknown) => void
}

export type PersistenceHealth = {
  queriesUnderWay: number
  datasets: DatasetHealth[]
  /** Of the processes that answer subscribers, and of those that answer free samples. */
  engines: { subscribers: EngineHealth; samples: EngineHealth }
}

export type PersistenceRole = {
  /** For `handleQueries`: frames of the answer to one sealed query. */
  answer: AnswerQuery
  /**
   * Serves a dataset from the snapshots in the store, or takes its newer manifest; resolves when it is ready. Throws when
   * the store cannot be read; a snapshot that cannot be opened is tried again by itself.
   */
  serve: (terms: DatasetTerms) => Promise<DatasetService>
  /** Serves it no longer. */
  drop: (dataset: Hex) => Promise<void>
  /** For `handleUsage`. */
  usage: UsageDesk
  /** Ids for the node record. */
  datasets: () => Hex[]
  health: () => PersistenceHealth
  /** Ends the engines; queries under way end with a refusal. */
  stop: () => Promise<void>
}

/** Starts the role with no dataset; `serve` adds them. */
export function startPersistenceRole(parts: PersistenceRoleParts): PersistenceRole {
  const limits: PersistenceLimits = { ...persistenceLimits, ...parts.limits }
  const services = new Map<Hex, Promise<DatasetService>>()
  const ready = new Map<Hex, DatasetService>()
  const gate = createQueryGate({ limits })
  const olderRoom = createOlderRoom({ places: limits.maxOlderSnapshotsOfAll })
  const commits = createGroupCommit({ database: parts.database })
  const { verify, usage } = createDesks({ parts, limits, commits, datasetOf: (dataset) => ready.get(dataset) })
  const openSnapshot: DatasetService['openSnapshot'] = (query, ...asker) =>
    requireReady(ready, query.dataset).openSnapshot(query, ...asker)
  const onFailure = parts.onError

  async function start(dataset: Hex, terms: DatasetTerms): Promise<DatasetService> {
    const snapshots = await parts.store.dataset(dataset)
    const service = await createDatasetService({ ...parts, limits, olderRoom, snapshots, terms })
    ready.set(dataset, service)
    return service
  }

  async function drop(dataset: Hex): Promise<void> {
    const starting = services.get(dataset)
    services.delete(dataset)
    // Whoever asked for it to be served is told when it cannot be.
    const service = await starting?.catch(() => undefined)
    if (service !== undefined && ready.get(dataset) === service) ready.delete(dataset)
    await service?.close()
  }

  return {
    answer: createAnswerQuery({ ...parts, limits, gate, verify, openSnapshot, onFailure }),
    async serve(terms) {
      const dataset = datasetIdOf(terms.manifest)
      const known = services.get(dataset)
      const service = known ?? start(dataset, terms)
      services.set(dataset, service)
      const started = await service.catch((error: unknown) => {
        if (services.get(dataset) === service) services.delete(dataset)
        throw error
      })
      if (known !== undefined) {
        started.setTerms(terms)
        await started.settle().catch(parts.onError)
      }
      return started
    },
    drop,
    usage,
    datasets: () => [...ready.keys()],
    health: () => ({
      queriesUnderWay: gate.underWay,
      datasets: [...ready.values()].map((service) => service.health()),
      engines: { subscribers: parts.engine.health, samples: parts.sampleEngine.health },
    }),
    async stop() {
      await Promise.all([...services.keys()].map(drop))
      commits.flush()
    },
  }
}

/** What checks queries, and what tells owners of the use of their embeds. */
function createDesks({
  parts,
  limits,
  commits,
  datasetOf,
}: {
  parts: PersistenceRoleParts
  limits: PersistenceLimits
  commits: ReturnType<typeof createGroupCommit>
  datasetOf: (dataset: Hex) => DatasetService | undefined
}) {
  const { database, deployment, verifyContractSignature, findEmbeds, nowSeconds, nowMs, onError } = parts
  const revisions = createGrantStore({ database })
  const { cachedGrantChains: maxChains, contractSignatureSeconds } = limits
  const verifySignature = createP256Verifier({ maxKeys: maxChains })
  const signer = parts.signer.address.toLowerCase() as Hex
  const budgets = createBudgetStore({ database, commits, onFailure: onError })
  const verifyGrants = createGrantVerifier({
    deployment,
    maxChains,
    verifySignature,
    contractSignatureSeconds,
    verifyContractSignature,
  })
  const usage = createUsageDesk({
    deployment,
    signer,
    chain: parts.chain,
    budgets,
    verifySignature,
    verifyGrants,
    nowSeconds,
  })
  const verify = createQueryVerifier({
    ...parts,
    signer,
    limits,
    datasetOf,
    verifySignature,
    verifyGrants,
    commits,
    nonces: createNonceStore({ database }),
    budgets,
    revisions,
    watch: createGrantWatch({
      ...{ deployment, store: revisions, findEmbeds, verifyContractSignature, nowSeconds, nowMs, onError },
    }),
    samples: createSampleLimiter({ limits }),
    probes: createProbeLimiter({ limits }),
  })
  return { verify, usage }
}

function requireReady(ready: ReadonlyMap<Hex, DatasetService>, dataset: Hex): DatasetService {
  const service = ready.get(dataset)
  if (service !== undefined) return service
  throw new MarketplaceError({
    code: 'dataset-unknown',
    message: 'This node no longer serves the dataset; ask another.',
  })
}
