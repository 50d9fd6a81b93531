/** The limits of engine processes in one place. */
export const engineLimits = {
  /** DuckDB's own memory. */
  memoryBytes: 1024 ** 3,
  /** What Node and DuckDB reserve besides, before `prlimit --data` ends an allocation. */
  processBytes: 1024 ** 3,
  threads: 2,
  /** Processes for each open database: two for one asker, the third for the others. */
  processes: 3,
  /** Queries that may wait for a process. */
  waiting: 64,
  /** How long a reader may hold a process back from others who wait for one, all its pauses meanwhile together. */
  readerHoldMs: 10_000,
  evictionCheckMs: 250,
  startTimeoutMs: 15_000,
  /** From the interrupt to SIGKILL. */
  graceMs: 1000,
  ingestTimeoutMs: 30 * 60_000,
  /** How long the columns wait for the first batch, to leave with it. */
  firstBatchMs: 20,
  /** Rows of the first batch, so that the first rows come first, and of those that follow. */
  firstBatchRows: 2048,
  batchRows: 32_768,
  /** A batch is closed when its texts and blobs reach this. */
  batchBytes: 8 * 1024 * 1024,
} as const
