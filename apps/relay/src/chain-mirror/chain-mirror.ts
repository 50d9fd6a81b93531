/**
 * The chain as a node knows it (DESIGN §6 Access): follows the contracts' events by block hash, rewinds on
 * reorganisations, survives restarts and outages of the Ethereum node, and fails closed when its head is stale.
 */
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { toChainError, type ContractDeployment, type Payout } from '@enigma/chain'
import { MarketplaceError, type Hex } from '@enigma/protocol'
import type { PublicClient } from 'viem'
import { followChain, type StoredPages } from './follow-chain.ts'
import { createGrantReads, type GrantReads } from './mirror-grants.ts'
import { createMirrorReads, type AccountAccess, type MirroredDataset, type RankFactors } from './mirror-reads.ts'
import { createMirrorStore, type MirrorBlock } from './mirror-store.ts'
import { isStale, requireFreshGrants, requireFreshHead } from './require-fresh.ts'
import { createWaiters } from './wait-for-block.ts'

const longestBackoffMs = 30_000

export type CreateChainMirrorParameters = {
  publicClient: PublicClient
  deployment: ContractDeployment
  /** Opened with `chainMirrorMigrations`. */
  database: DatabaseSync
  nowSeconds: () => number
  /** 1,000 when absent. */
  pollIntervalMs?: number | undefined
  /** Age of the head's timestamp, and of the last successful poll, beyond which every read refuses; 60 when absent. */
  maxHeadAgeSeconds?: number | undefined
  /** Told of each change after it was stored, also of events that the mirror does not keep. */
  onEvents?: ((stored: StoredPages) => void) | undefined
  /** Told of each failure before it is retried. */
  onError?: ((error: MarketplaceError) => void) | undefined
}

/** `starting` and `stopped` have no head. `unreachable`: the last poll failed; reads refuse once the head is stale. */
export type ChainMirrorState = 'starting' | 'following' | 'unreachable' | 'stopped'

export type ChainMirrorHealth = {
  state: ChainMirrorState
  head: MirrorBlock | undefined
  /** Seconds since the head's timestamp. */
  headAgeSeconds: number | undefined
  isStale: boolean
  /** Polls that failed since the last one that did not. */
  failures: number
  lastError: string | undefined
}

export type ChainMirror = {
  /**
   * Begins to follow; resolves once the mirror has caught up and rejects with `wrong-chain`, or `aborted` by `stop`.
   * While the Ethereum node cannot be reached it goes on trying.
   */
  start: () => Promise<void>
  /** Ends the following; nothing touches the database afterwards. */
  stop: () => Promise<void>
  /** The newest canonical block; undefined until the mirror has caught up once. */
  readonly head: MirrorBlock | undefined
  /** The account's rights as of the head, undefined for none; throws `chain-unavailable` when the head is stale. */
  accessOf: (parameters: { dataset: Hex; account: Hex }) => AccountAccess | undefined
  /** Undefined for an id that is not registered; throws `chain-unavailable` when the head is stale. */
  datasetOf: (dataset: Hex) => MirroredDataset | undefined
  /**
   * The epoch that the account's grants must be of; throws `chain-unavailable` when the head is stale, and where there is
   * a registry also when the last successful poll is more than 60 s ago.
   */
  grantEpochOf: GrantReads['grantEpochOf']
  /** Whether the account ended a grant by its id; throws as `grantEpochOf`. */
  isGrantRevoked: GrantReads['isGrantRevoked']
  /** Every dataset, closed ones too, as of the head, however old that is: for listings. */
  datasets: () => MirroredDataset[]
  /** Every account that was ever the dataset's publisher, as of the head, however old that is. */
  publishersOf: (dataset: Hex) => Hex[]
  /** The payees that a dataset names as of the head, however old that is; none for an unknown one. */
  payoutsOf: (dataset: Hex) => readonly Payout[]
  /** The factors of a dataset's rank as of the head, however old that is: for listings. */
  rankFactorsOf: (dataset: Hex) => RankFactors | undefined
  /** Accounts whose subscriptions end within a day and allow a renewal at the present rate. */
  dueRenewals: (dataset: Hex) => Hex[]
  /** Resolves true once the head is at `number` or later, false after `timeoutMs` or on abort. */
  waitForBlock: (parameters: { number: number; timeoutMs: number; signal?: AbortSignal }) => Promise<boolean>
  health: () => ChainMirrorHealth
}

type Follower = {
  parameters: CreateChainMirrorParameters
  aborter: AbortController
  caughtUp: PromiseWithResolvers<undefined>
  state: ChainMirrorState
  head: MirrorBlock | undefined
  polledAtSeconds: number
  failures: number
  lastError: string | undefined
  running: Promise<void> | undefined
}

/** Creates a mirror; nothing happens before `start`. */
export function createChainMirror(parameters: CreateChainMirrorParameters): ChainMirror {
  const { database, deployment } = parameters
  const store = createMirrorStore({ database, origin: originOf(deployment) })
  const reads = createMirrorReads(database)
  const grants = createGrantReads(database)
  const waiters = createWaiters()
  const follower = createFollower(parameters)
  const fresh = () => requireFreshHead(follower)
  const atSeconds = () => follower.head?.timestamp ?? 0
  const follow = () =>
    followChain({
      ...parameters,
      store,
      signal: follower.aborter.signal,
      onStored: (stored) => {
        if (follower.head !== undefined) setHead(follower, stored.head, waiters.notify)
        parameters.onEvents?.(stored)
      },
      onCleared: () => setHead(follower, undefined, waiters.notify),
    })
  return {
    start: () => {
      follower.running ??= run(follower, follow, () => setHead(follower, store.tip(), waiters.notify))
      return follower.caughtUp.promise
    },
    stop: () => stopFollowing(follower),
    get head() {
      return follower.head
    },
    accessOf: ({ dataset, account }) => reads.accessOf({ dataset, account, atSeconds: fresh().timestamp }),
    datasetOf: (dataset) => {
      fresh()
      return reads.datasetOf(dataset)
    },
    grantEpochOf: (account) => {
      requireFreshGrants(follower)
      return grants.grantEpochOf(account)
    },
    isGrantRevoked: (grant) => {
      requireFreshGrants(follower)
      return grants.isGrantRevoked(grant)
    },
    datasets: () => reads.datasets(),
    publishersOf: (dataset) => reads.publishersOf(dataset),
    payoutsOf: reads.payoutsOf,
    rankFactorsOf: (dataset) => reads.rankFactorsOf({ dataset, atSeconds: atSeconds() }),
    dueRenewals: (dataset) => reads.dueRenewals({ dataset, atSeconds: fresh().timestamp }),
    waitForBlock: (wait) => waiters.waitForBlock({ ...wait, head: follower.head?.number }),
    health: () => healthOf(follower),
  }
}

/** Names the contracts that are followed: with another one beside them everything is read again. */
function originOf({ chainId, marketplace, grantRegistry, deploymentBlock }: ContractDeployment): string {
  const registry = grantRegistry === undefined ? [] : [grantRegistry.toLowerCase()]
  return [chainId, marketplace.toLowerCase(), deploymentBlock, ...registry].join('/')
}

function createFollower(parameters: CreateChainMirrorParameters): Follower {
  const caughtUp = Promise.withResolvers<undefined>()
  // Whoever does not wait for the start learns of its failure from `health` and `onError`.
  caughtUp.promise.catch(() => undefined)
  return {
    parameters,
    aborter: new AbortController(),
    caughtUp,
    state: 'starting',
    head: undefined,
    polledAtSeconds: 0,
    failures: 0,
    lastError: undefined,
    running: undefined,
  }
}

function setHead(follower: Follower, head: MirrorBlock | undefined, notify: (head: number) => void): void {
  follower.head = head
  if (head !== undefined) notify(head.number)
}

async function run(follower: Follower, follow: () => Promise<boolean>, onCaughtUp: () => void): Promise<void> {
  const { aborter } = follower
  while (!aborter.signal.aborted) {
    const waitMs = await pollOnce(follower, follow, onCaughtUp)
    if (waitMs === undefined) return
    await pause(waitMs, aborter.signal)
  }
}

/** One poll; returns how long to wait before the next one, or undefined when there is to be none. */
async function pollOnce(follower: Follower, follow: () => Promise<boolean>, onCaughtUp: () => void) {
  const { parameters, aborter, caughtUp } = follower
  const pollIntervalMs = parameters.pollIntervalMs ?? 1000
  try {
    if (follower.state === 'starting') await untilAborted(requireChain(parameters), aborter.signal)
    const isAtHead = await untilAborted(follow(), aborter.signal)
    follower.failures = 0
    follower.lastError = undefined
    if (!isAtHead) return 0
    follower.polledAtSeconds = parameters.nowSeconds()
    follower.state = 'following'
    onCaughtUp()
    caughtUp.resolve(undefined)
    return pollIntervalMs
  } catch (error) {
    if (aborter.signal.aborted) return undefined
    return onFailure(follower, toChainError(error), pollIntervalMs)
  }
}

/** How long to wait after a failure; a wrong chain ends the following. */
function onFailure(follower: Follower, error: MarketplaceError, pollIntervalMs: number): number | undefined {
  const { parameters, caughtUp } = follower
  follower.failures++
  follower.lastError = error.shortMessage
  parameters.onError?.(error)
  if (error.code === 'wrong-chain') {
    follower.state = 'stopped'
    caughtUp.reject(error)
    return undefined
  }
  if (follower.state === 'following') follower.state = 'unreachable'
  return Math.min(longestBackoffMs, pollIntervalMs * 2 ** Math.min(follower.failures, 8))
}

async function requireChain({ publicClient, deployment }: CreateChainMirrorParameters): Promise<void> {
  const chainId = await publicClient.getChainId()
  if (chainId === deployment.chainId) return
  throw new MarketplaceError({
    code: 'wrong-chain',
    message: `The Ethereum node is on chain ${chainId}, the network file names ${deployment.chainId}; name another node.`,
  })
}

/** Leaves a request behind when the following ends: viem knows no signal, and a dead node would hold up the stop. */
function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as MarketplaceError)
    const settled = () => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(settled)
    if (signal.aborted) onAbort()
  })
}

/** Waits, or ends the waiting when the following ends. */
async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(waitMs, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function stopFollowing(follower: Follower): Promise<void> {
  const { aborter, caughtUp, running } = follower
  aborter.abort(new MarketplaceError({ code: 'aborted', message: 'The node stops.' }))
  caughtUp.reject(aborter.signal.reason)
  await running
  follower.state = 'stopped'
}

function healthOf(follower: Follower): ChainMirrorHealth {
  const { state, head, failures, lastError, parameters } = follower
  const headAgeSeconds = head === undefined ? undefined : parameters.nowSeconds() - head.timestamp
  return { state, head, headAgeSeconds, isStale: isStale(follower), failures, lastError }
}
