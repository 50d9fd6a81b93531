/** What is noted beside the files of a backup, and of a data directory that comes from one. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MarketplaceError } from '@enigma/protocol'
import * as v from 'valibot'
import { writeFileAtomically } from '../snapshot/atomic-file.ts'
import { isNodeError } from './is-node-error.ts'

const seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const backup = { name: 'backup.json', schema: v.strictObject({ takenAtSeconds: seconds }) }
const restored = {
  name: 'restored.json',
  schema: v.strictObject({ takenAtSeconds: seconds, restoredAtSeconds: seconds }),
}

/** When a backup was begun, in Unix seconds. */
export type BackupFacts = v.InferOutput<typeof backup.schema>
/** When the backup was begun that a data directory comes from, and when it was put in place. */
export type RestoredFacts = v.InferOutput<typeof restored.schema>

type Place = { directory: string }

/** Undefined where there is no whole backup. */
export function readBackupFacts({ directory }: Place): Promise<BackupFacts | undefined> {
  return read(join(directory, backup.name), backup.schema)
}

/** Makes a copied directory a backup. */
export function writeBackupFacts({ directory, facts }: Place & { facts: BackupFacts }): Promise<void> {
  return write(join(directory, backup.name), facts)
}

/** Undefined for a data directory that comes from no backup. */
export function readRestoredFacts({ directory }: Place): Promise<RestoredFacts | undefined> {
  return read(join(directory, restored.name), restored.schema)
}

/** Notes that a data directory comes from a backup. */
export function writeRestoredFacts({ directory, facts }: Place & { facts: RestoredFacts }): Promise<void> {
  return write(join(directory, restored.name), facts)
}

/**
 * Since when this node knows every nonce that was used: not those of before the machine's start, which may have been lost
 * with it, nor those between a backup and the moment when it was put in place.
 */
export function noncesKnownSince(parameters: {
  startedAtSeconds: number
  restored: RestoredFacts | undefined
}): number {
  return Math.max(parameters.startedAtSeconds, parameters.restored?.restoredAtSeconds ?? 0)
}

function write(path: string, facts: BackupFacts | RestoredFacts): Promise<void> {
  return writeFileAtomically({ path, bytes: Buffer.from(JSON.stringify(facts)) })
}

async function read<Schema extends typeof backup.schema | typeof restored.schema>(
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  try {
    return v.parse(schema, JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    if (isNodeError(cause, 'ENOENT')) return undefined
    throw new MarketplaceError({ code: 'setting-invalid', message: `${path} cannot be read.`, cause })
  }
}
