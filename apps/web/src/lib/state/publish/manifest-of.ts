/** The manifest of a reviewed draft. */
import { decodeManifest, encodeManifest, type Hex, type Manifest, type ManifestNode } from '@enigma/protocol'
import { type Draft, tagsOf } from '#lib/publish/draft.ts'

const secondsPerDay = 86_400

export type ManifestOfParameters = { draft: Draft; curator: Hex; publisher: Hex; node: ManifestNode }

/** Makes it; throws `manifest-invalid` for what no manifest can hold. */
export function manifestOf({ draft, curator, publisher, node }: ManifestOfParameters): Manifest {
  const { name, title, description, licence, tags, table, columns, key, sampleRows, trialDays, file } = draft
  const rows = sampleRows.trim() === '' ? 0 : Math.min(Number(sampleRows), file?.rows ?? 0)
  const manifest: Manifest = {
    ...{ v: 1, curator, name, version: 1, publisher, nodes: [node] },
    ...{ title: title.trim(), description, licence: licence.trim() === '' ? 'not stated' : licence.trim() },
    tags: tagsOf(tags),
    tables: [
      {
        name: table,
        columns: columns.map(({ name: column, type, unit, description: words }) => ({
          ...{ name: column, type, encryption: 'none' },
          ...(unit.trim() === '' ? {} : { unit: unit.trim() }),
          ...(words.trim() === '' ? {} : { description: words.trim() }),
        })),
        ...(key.length === 0 ? {} : { key: [...key] }),
      },
    ],
    sample: rows === 0 ? [] : [{ table, rows }],
    trialSeconds: Number(trialDays) * secondsPerDay,
    storage: { engine: 'duckdb', place: 'the nodes listed' },
    limits: { maxRows: 1_000_000, timeoutSeconds: 30 },
  }
  // What a reader would refuse is refused before anything is signed.
  return decodeManifest(encodeManifest(manifest))
}
