/** Every limit of the wire in one place. Sizes in bytes, times in seconds unless the name says otherwise. */
export const limits = {
  manifestBytes: 256 * 1024,
  nodeRecordBytes: 16 * 1024,
  grantBytes: 8 * 1024,
  grantDepth: 3,
  grantSessionSeconds: 7 * 86_400,
  /** The longest life of an embed's grant. */
  embedSeconds: 30 * 86_400,
  embedBytes: 64 * 1024,
  embedsPerAccount: 100,
  /** Of all embeds of an account together, at one relay. */
  embedBytesPerAccount: 1024 * 1024,
  /** A request for the use of embeds. */
  usageBytes: 16 * 1024,
  templates: 64,
  templateParameters: 16,
  /** Values that one parameter of a template may list. */
  templateValues: 256,
  templateSqlBytes: 8 * 1024,
  queryBytes: 64 * 1024,
  sealedQueryBytes: 80 * 1024,
  sqlBytes: 16 * 1024,
  parameters: 64,
  parameterBytes: 8 * 1024,
  requestSeconds: 60,
  clockSkewSeconds: 30,
  nodeRecordSeconds: 86_400,
  rowsPerQuery: 5_000_000,
  bytesPerQuery: 1024 * 1024 * 1024,
  /** Rows of one answer to an account that has only a trial. */
  trialRows: 1_000,
  /** Rows of one answer to a free sample. */
  sampleRows: 10_000,
  deterministicRows: 10_000,
  /** Plaintext bytes of one STREAM chunk. */
  chunkBytes: 64 * 1024,
  largeChunkBytes: 256 * 1024,
  /** One frame of the query protocol: a chunk, its tag and its header. */
  frameBytes: 256 * 1024 + 1024,
  /** One Arrow batch after inflation. */
  batchBytes: 32 * 1024 * 1024,
  /** The longest life of a publisher's pass: one transfer of a large snapshot. */
  snapshotPassSeconds: 2 * 3600,
  snapshotDescriptionBytes: 4 * 1024 * 1024,
  blockRows: 1024,
  tables: 64,
  columns: 1024,
  nodesPerDataset: 32,
  routeTtl: 3,
} as const
