/** The dataset description that a curator writes as JSON, and the manifest that is made of it (DESIGN §5). */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  type Manifest,
  manifestNodeSchema,
  type ManifestNode,
  manifestSchema,
  MarketplaceError,
  scriptSchema,
} from '@enigma/protocol'
import * as v from 'valibot'

const { title, description, licence, tags, tables, sample, trialSeconds, schedule, storage, limits } =
  manifestSchema.entries

/** A manifest without what the command adds: curator, name, version, publisher, nodes and the script's hash. */
export const descriptionSchema = v.strictObject({
  title,
  description: v.optional(description, ''),
  licence: v.optional(licence, 'not stated'),
  tags: v.optional(tags, []),
  tables,
  sample: v.optional(sample, []),
  trialSeconds: v.optional(trialSeconds, 0),
  schedule,
  /** The script's file, relative to the description; the manifest holds its SHA-256. */
  script: v.exactOptional(v.strictObject({ file: v.string(), ...v.omit(scriptSchema, ['hash']).entries })),
  storage: v.optional(storage, { engine: 'duckdb', place: 'the nodes listed' }),
  limits: v.optional(limits, { maxRows: 1_000_000, timeoutSeconds: 30 }),
})
export type DatasetDescription = v.InferOutput<typeof descriptionSchema>

/** Validates a description; throws `setting-invalid` that names the field. */
export function parseDescription(value: unknown, path: string): DatasetDescription {
  const parsed = v.safeParse(descriptionSchema, value)
  if (parsed.success) return parsed.output
  const issue = parsed.issues[0]
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: `The dataset description ${path} is not of the expected form.`,
    details: `${v.getDotPath(issue) ?? 'file'}: ${issue.message}`,
  })
}

/** Reads and parses a JSON file that the command line names. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (cause) {
    throw new MarketplaceError({ code: 'setting-invalid', message: `${path} cannot be read as JSON.`, cause })
  }
}

/** Reads the acceptances that node operators made with `enigma node accept`. */
export async function readAcceptances(paths: readonly string[]): Promise<ManifestNode[]> {
  return Promise.all(
    paths.map(async (path) => {
      const parsed = v.safeParse(manifestNodeSchema, await readJsonFile(path))
      if (parsed.success) return parsed.output
      const message = `${path} is not an acceptance. The node's operator makes one with: enigma node accept <dataset>`
      throw new MarketplaceError({ code: 'setting-invalid', message })
    }),
  )
}

/** Makes the manifest; reads the script beside the description to hash it. */
export async function manifestOf({
  description: { script, schedule: cron, ...described },
  descriptionPath,
  identity,
}: {
  description: DatasetDescription
  descriptionPath: string
  identity: Pick<Manifest, 'curator' | 'name' | 'version' | 'publisher' | 'nodes'>
}): Promise<Manifest> {
  const manifest: Manifest = { v: 1, ...identity, ...described }
  if (cron !== undefined) manifest.schedule = cron
  if (script !== undefined) {
    const { file, ...rest } = script
    manifest.script = { ...rest, hash: await hashFile(resolve(dirname(descriptionPath), file)) }
  }
  return manifest
}

async function hashFile(path: string): Promise<`0x${string}`> {
  try {
    return `0x${createHash('sha256')
      .update(await readFile(path))
      .digest('hex')}`
  } catch (cause) {
    throw new MarketplaceError({ code: 'setting-invalid', message: `The script ${path} cannot be read.`, cause })
  }
}
