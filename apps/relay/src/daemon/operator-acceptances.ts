/**
 * Which datasets the operator accepted by name: `enigma node accept` leaves a file for each in the data directory. Any
 * other dataset that lists this node came by its settings and is held to their limits, also when a file is lost.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hex, ManifestNode } from '@enigma/protocol'
import { writeFileAtomically } from '../snapshot/atomic-file.ts'

type Place = { directory: string; dataset: Hex }

/** Records an acceptance; `directory` is the one for them in the data directory. */
export async function recordOperatorAcceptance({
  directory,
  dataset,
  acceptance,
}: Place & { acceptance: ManifestNode }): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const bytes = new TextEncoder().encode(`${JSON.stringify(acceptance, null, 2)}\n`)
  await writeFileAtomically({ path: pathOf({ directory, dataset }), bytes })
}

/** Whether the operator accepted the dataset by name; read anew each time, so that a running node learns of it. */
export function isOperatorAccepted(place: Place): boolean {
  return existsSync(pathOf(place))
}

function pathOf({ directory, dataset }: Place): string {
  return join(directory, `${dataset}.json`)
}
