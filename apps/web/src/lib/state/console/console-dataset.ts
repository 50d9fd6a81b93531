/** A dataset as the console needs it: no more than what one writes SQL with. */
import type { Manifest } from '@enigma/protocol'
import { allowedFunctions } from '@enigma/query'
import { quoteIdentifier, type SqlSchema } from '#lib/sql/schema.ts'
import { app } from '../app.svelte.ts'
import { fetchUnprovenManifest } from '../read-unproven-manifest.ts'

export type ConsoleDataset = {
  path: string
  title: string
  schema: SqlSchema
  /** The first rows of these tables may be asked by anyone. */
  sample: readonly { table: string; rows: number }[]
  maxRows: number
  timeoutSeconds: number
  trialSeconds: number
  /** Accounts of the nodes that answer. */
  signers: readonly string[]
}

/** Finds and verifies a dataset; throws `dataset-unknown`, `no-relay`, `no-node` and the like. */
export async function loadConsoleDataset(path: string, signal: AbortSignal): Promise<ConsoleDataset> {
  const client = await app.client()
  signal.throwIfAborted()
  const { manifest } = await client.dataset(path, { signal })
  return fromManifest(path, manifest)
}

/** What the serving relay says of it, unproven: to begin writing with. Each query finds and verifies the dataset itself. */
export async function foretellConsoleDataset(path: string, signal: AbortSignal): Promise<ConsoleDataset | undefined> {
  const manifest = await fetchUnprovenManifest(path, signal)
  return manifest && fromManifest(path, manifest)
}

function fromManifest(path: string, manifest: Manifest): ConsoleDataset {
  const { tables, sample, limits, title, trialSeconds, nodes } = manifest
  const answering = nodes.filter(({ roles }) => roles.includes('persistence'))
  return {
    ...{ path, title, sample, trialSeconds, signers: [...new Set(answering.map(({ signer }) => signer))] },
    maxRows: limits.maxRows,
    timeoutSeconds: limits.timeoutSeconds,
    schema: { tables, defaultTable: sample[0]?.table ?? tables[0]?.name, functions: wordFunctions },
  }
}

/** Operators are in the guard's list, too. */
const wordFunctions = [...allowedFunctions].filter((name) => /^[a-z]\w+$/.test(name)).sort()

/** Whether a text is a dataset's path, so that a mistyped link is told from a missing dataset. */
export function isDatasetPath(path: string): boolean {
  return /^0x[0-9a-f]{40}\/[a-z][a-z0-9_]{2,30}$/i.test(path)
}

/** Something that runs: the first rows of the first table that may be asked. */
export function firstQuery({ schema, sample }: ConsoleDataset): string {
  const table = schema.tables.find(({ name }) => name === sample[0]?.table) ?? schema.tables[0]
  return table === undefined ? '' : `SELECT *\nFROM ${quoteIdentifier(table.name)}\nLIMIT 100`
}
