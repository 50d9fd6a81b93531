/** The manifest: off-chain description of a dataset, signed by the curator, its keccak256 on chain (DESIGN §5). */
import * as v from 'valibot'
import { columnSchema } from './columns.ts'
import { isDatasetName } from './dataset-path.ts'
import { limits } from './limits.ts'
import {
  addressSchema,
  bytesSchema,
  hashSchema,
  identifierSchema,
  peerIdSchema,
  signatureSchema,
  textSchema,
  uintSchema,
} from './schemas.ts'

export const nodeRoleSchema = v.picklist(['relay', 'persistence', 'worker', 'committee'])
export type NodeRole = v.InferOutput<typeof nodeRoleSchema>

/** A node that serves the dataset; `acceptance` is its signer's EIP-712 `NodeAcceptance`. */
export const manifestNodeSchema = v.strictObject({
  peerId: peerIdSchema,
  signer: addressSchema,
  roles: v.pipe(v.array(nodeRoleSchema), v.minLength(1), v.maxLength(4)),
  acceptance: signatureSchema,
})
export type ManifestNode = v.InferOutput<typeof manifestNodeSchema>

/**
 * A table. `key`: the columns whose values name a row once and for all; a run of the curation script then adds the rows
 * whose key is new and leaves the published ones. Without a key, what a run yields is the table's whole new content.
 */
export const tableSchema = v.pipe(
  v.strictObject({
    name: identifierSchema,
    description: v.exactOptional(textSchema(2000)),
    columns: v.pipe(v.array(columnSchema), v.minLength(1), v.maxLength(limits.columns)),
    key: v.exactOptional(v.pipe(v.array(identifierSchema), v.minLength(1), v.maxLength(8))),
  }),
  v.check(
    ({ columns, key = [] }) => key.every((name) => columns.some((column) => column.name === name)),
    'key names no column',
  ),
)
export type Table = v.InferOutput<typeof tableSchema>

/** The first `rows` rows of `table`, which anyone may query free. */
export const sampleSchema = v.strictObject({ table: identifierSchema, rows: uintSchema(100_000) })

/** A curation script: the SHA-256 of its source, the hosts it may fetch from, and its limits. */
export const scriptSchema = v.strictObject({
  hash: hashSchema,
  hosts: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z0-9.-]{1,253}(:\d{1,5})?$/))), v.maxLength(16)),
  timeoutSeconds: uintSchema(3600),
  memoryBytes: uintSchema(4 * 1024 ** 3),
  maxRows: uintSchema(10_000_000),
})

export const manifestSchema = v.strictObject({
  v: v.literal(1),
  curator: addressSchema,
  name: v.pipe(v.string(), v.check(isDatasetName, 'not a dataset name')),
  version: uintSchema(),
  title: v.pipe(textSchema(120), v.minLength(1)),
  description: textSchema(20_000),
  licence: textSchema(200),
  tags: v.pipe(v.array(textSchema(40)), v.maxLength(20)),
  tables: v.pipe(v.array(tableSchema), v.minLength(1), v.maxLength(limits.tables)),
  sample: v.pipe(v.array(sampleSchema), v.maxLength(limits.tables)),
  trialSeconds: uintSchema(90 * 86_400),
  publisher: addressSchema,
  schedule: v.exactOptional(v.strictObject({ cron: textSchema(120), timeZone: textSchema(60) })),
  script: v.exactOptional(scriptSchema),
  storage: v.strictObject({ engine: v.picklist(['duckdb', 'postgres', 'clickhouse']), place: textSchema(120) }),
  nodes: v.pipe(v.array(manifestNodeSchema), v.maxLength(limits.nodesPerDataset)),
  limits: v.strictObject({ maxRows: uintSchema(limits.rowsPerQuery), timeoutSeconds: uintSchema(600) }),
})
export type Manifest = v.InferOutput<typeof manifestSchema>

/** A manifest as it travels: its bytes, and the curator's EIP-712 `Manifest` signature over their hash. */
export const signedManifestSchema = v.strictObject({
  manifest: bytesSchema(limits.manifestBytes),
  signature: signatureSchema,
})
export type SignedManifest = v.InferOutput<typeof signedManifestSchema>
