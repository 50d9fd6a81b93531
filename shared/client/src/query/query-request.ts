/** What a caller asks, with every default filled in. */
import type { Hex, Parameter, Query } from '@enigma/protocol'
import type { QueryPath, QueryProgress, TransportPreference } from '../types.ts'

export type QueryParameters = {
  /** `<curator address>/<name>`. */
  dataset: string
  /** One SELECT over the dataset's tables; `$1`, `$2`, … are the parameters. */
  sql: string
  parameters?: readonly Parameter[]
  /** The subscribed account; a session of it must run (see `authorize`). */
  account: Hex
  /** Default `blind`; never switched silently. */
  path?: QueryPath
  /** Default `any`: whatever connects first, the faster one in the end. */
  transport?: TransportPreference
  /** Dial by WebRTC only; any transport when absent. */
  webrtcOnly?: boolean
  /**
   * Default: the dataset's own limit, `limits.sampleRows` for a sample, or what a trial allows where the account has only
   * that; see `isTruncated`.
   */
  maxRows?: number
  /** Of Arrow before compression. Default 256 MiB. */
  maxBytes?: number
  /** A block that the node must have seen, such as the one that a subscription was mined in. */
  minBlock?: number
  /** A snapshot by number; the newest when absent. */
  seq?: number
  signal?: AbortSignal
  onProgress?: (progress: QueryProgress) => void
}

/** A sample query needs no account: only the dataset's free sample rows are asked. */
export type SampleParameters = Omit<QueryParameters, 'account' | 'minBlock'>

/** The part of a query that every attempt shares. */
export type QueryRequest = {
  /** Of one that nobody pays for; `sample` when absent. */
  free?: 'sample' | 'probe'
  sql: string
  parameters: readonly Parameter[]
  snapshot: Query['snapshot']
  maxRows: number
  maxBytes: number
  minBlock: number
}
