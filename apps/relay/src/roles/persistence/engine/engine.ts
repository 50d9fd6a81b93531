/** The one interface that the persistence role asks of a database; `describeEngine` is what every adapter must pass. */
import type { Parameter, ResultColumn, Value } from '@enigma/protocol'

/**
 * One batch: a self-contained Arrow IPC stream, not compressed; `values` only of a deterministic result. `isLast` where
 * it is known that none follows.
 */
export type EngineBatch = {
  rows: number
  arrow: Uint8Array
  values?: readonly (readonly Value[])[]
  isLast?: boolean
}

/**
 * A running query. `truncated` is final once `batches` has ended; leaving the loop over `batches` frees the engine.
 * `deterministic` promises rows sorted bytewise by their canonical form, with their `values`.
 */
export type EngineResult = {
  readonly columns: readonly ResultColumn[]
  readonly deterministic: boolean
  readonly truncated: boolean
  readonly batches: AsyncIterable<EngineBatch>
  /** Milliseconds that the guard took. */
  readonly guardMs: number
  /** Whether the first of `batches` is there already: the columns need not leave without it. */
  readonly isReady: boolean
}

export type EngineQuery = {
  sql: string
  parameters: readonly Parameter[]
  maxRows: number
  /** Of Arrow before compression. */
  maxBytes: number
  /** Of the engine's own work; waiting for the reader does not count. */
  timeoutMs: number
  signal: AbortSignal
  /** Who asks: those of one lane wait in one line, and lanes are served in turns. */
  lane?: string | undefined
  /** Told before the engine does anything for the query: from then on it has cost work, whatever becomes of it. */
  onStarted?: (() => void) | undefined
}

/** An open, immutable database: one snapshot's tables. */
export type EngineDatabase = {
  /**
   * Guards and runs one query; throws `sql-refused`, `parameter-invalid`, `too-slow`, `too-large`, `engine-failed`.
   */
  stream: (query: EngineQuery) => Promise<EngineResult>
  /** Ends its processes; running queries end with `engine-failed`. */
  close: () => Promise<void>
  readonly health: EngineHealth
}

/** `killed`: processes that did not end when told to. */
export type EngineHealth = { processes: number; busy: number; waiting: number; killed: number }

export type EngineTable = { name: string; columns: readonly ResultColumn[] }

export type IngestParameters = {
  /** The file to make; it does not exist. */
  databasePath: string
  /** A file of an earlier snapshot to copy and append to, with how many segments of each table it holds. */
  previous?: { databasePath: string; segments: Readonly<Record<string, number>> } | undefined
  /** Parquet files in order, of exactly these columns. */
  tables: readonly (EngineTable & { segmentPaths: readonly string[] })[]
  /** Only the first `rows` rows of each table, for the sample database. */
  firstRows?: Readonly<Record<string, number>> | undefined
  /** The largest file that may be made, where the system can bound it: a small Parquet file may unpack to any size. */
  maxBytes?: number | undefined
  signal?: AbortSignal | undefined
}

export type Engine = {
  /** Named in receipts, such as `duckdb/1.5.6`. */
  readonly engineId: string
  open: (parameters: { databasePath: string; tables: readonly EngineTable[] }) => Promise<EngineDatabase>
  /** Makes a database of verified segments; throws `engine-failed` and leaves no file behind. */
  ingest: (parameters: IngestParameters) => Promise<void>
  /** Of all its open databases, and of what it ingests; `killed` since it was created. */
  readonly health: EngineHealth
}
