/** Every limit of a persistence node with its default (DESIGN §6, §14). Times in the unit of their names. */
import { limits } from '@enigma/protocol'

export const persistenceLimits = {
  /** How long a query waits for the block that it names before `chain-behind`. */
  blockWaitMs: 5_000,
  /** A query that names a block further ahead than this is refused at once. */
  maxBlocksAhead: 64,
  /** An older head makes every answer `chain-unavailable`. */
  maxHeadAgeSeconds: 120,
  /** The node's clock counts as this much late when it decides whether a subscription has ended. */
  clockToleranceSeconds: 15,
  /** Rows of one answer to a trial, or to a subscription below the wanted confirmations. */
  trialRows: limits.trialRows,
  /** Rows of one answer to a sample query. */
  sampleRows: limits.sampleRows,
  /** Time of one sample query. */
  sampleTimeoutMs: 5_000,
  /** Sample queries a minute from one relay or directly connected peer. */
  samplesPerPeer: 120,
  /** Sample queries a minute from one network address; relays bound those behind them. */
  samplesPerAddress: 240,
  /** Sample queries a minute for one dataset. */
  samplesPerDataset: 600,
  /** Probes a minute, in the same ways: relays watch with them, and a budget of its own takes nothing from samples. */
  probesPerPeer: 240,
  probesPerAddress: 480,
  probesPerDataset: 600,
  /** What one account may ask of one dataset, all its grants together. */
  account: { perMinute: 30_000, perDay: 5_000_000, total: Number.MAX_SAFE_INTEGER, bytesPerDay: 1024 ** 4 },
  /** Free samples under way at once, in all and from one network address; more are answered `busy`. */
  maxSamples: 8,
  maxSamplesPerCaller: 4,
  /** Probes under way at once, in the same ways. */
  maxProbes: 4,
  maxProbesPerCaller: 2,
  /** Queries being verified at once, in all and from one network address; more are answered `busy`. */
  maxUnverified: 128,
  maxUnverifiedPerCaller: 64,
  /** Queries of subscribers under way at once; more are answered `busy`. */
  maxQueries: 64,
  /**
   * Queries under way at once for one account; more are `rate-limited`. A page of a dozen charts asks all at once; no
   * three accounts together can fill the node.
   */
  maxQueriesPerAccount: 16,
  /** Superseded snapshots open at once for queries that name them, of one dataset and of all; more are answered `busy`. */
  maxOlderSnapshots: 2,
  maxOlderSnapshotsOfAll: 8,
  /** How long a superseded snapshot stays open with nobody asking. */
  olderSnapshotIdleMs: 30_000,
  /** The longest that one answer may take to be fetched. */
  answerTimeoutMs: 15 * 60_000,
  /** The longest that a reader may pause between two frames. */
  readerStallMs: 20_000,
  /** Sealed bytes of one answer that wait for its reader, before the engine is held back. */
  readAheadBytes: 1024 * 1024,
  /** After this a snapshot that could not be opened is tried again, after twice as long the next time, and so on. */
  reopenMs: 5_000,
  reopenMostMs: 5 * 60_000,
  /** Grant chains whose signatures are remembered. */
  cachedGrantChains: 10_000,
  /** How long a smart account's answer about a grant is believed. */
  contractSignatureSeconds: 60,
} as const

/** Limits of one node: the defaults with what its operator set. */
export type PersistenceLimits = { readonly [Name in keyof typeof persistenceLimits]: Widened<Name> }
type Widened<Name extends keyof typeof persistenceLimits> = (typeof persistenceLimits)[Name] extends number
  ? number
  : { readonly [Bound in keyof (typeof persistenceLimits)[Name]]: number }

/** What one account may have of `maxQueries`, where an operator has set that: the same quarter as by default. */
export function accountShareOf(maxQueries: number): number {
  return Math.max(1, Math.floor(maxQueries / 4))
}
