/** A dataset's curation script, from the file that the operator's settings name. */
import { readFile } from 'node:fs/promises'
import { formatDatasetPath, type Manifest, MarketplaceError } from '@enigma/protocol'
import type { NodeConfig } from '../config.ts'

/** Reads the script's source; throws `script-failed` when no file is set or it cannot be read. */
export async function readScript({
  manifest,
  config,
}: {
  manifest: Manifest
  config: NodeConfig
}): Promise<Uint8Array> {
  const path = formatDatasetPath(manifest)
  const file = config.worker.scripts[path]
  if (file === undefined) {
    throw new MarketplaceError({
      code: 'script-failed',
      message: `No script file is set for ${path}; add it under [worker.scripts] of ${config.path}.`,
    })
  }
  try {
    return await readFile(file)
  } catch (cause) {
    throw new MarketplaceError({ code: 'script-failed', message: `The script file ${file} cannot be read.`, cause })
  }
}
