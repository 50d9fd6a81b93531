/** The file of a draft as segments, with the hashes that a snapshot names. */
import { createBlockHasher, sha256Hex } from '@enigma/crypto'
import { MarketplaceError } from '@enigma/protocol'
import { type BuiltSegment, buildSegments, RowsError } from '#lib/publish/build-segments.ts'
import { openSource } from '#lib/publish/open-source.ts'
import { SourceError } from '#lib/publish/source.ts'
import { giveWay } from './give-way.ts'
import type { Publication, StepContext } from './publication.ts'

/** Converts within the node's limits, leaving out rows whose keys are `known`; throws `rows-invalid` with the rows that do not fit. */
export async function convertFile(
  file: File,
  { draft, terms }: Pick<Publication, 'draft' | 'terms'>,
  { signal, onProgress }: StepContext,
  known?: ReadonlySet<string>,
): Promise<readonly BuiltSegment[]> {
  const columns = draft.columns.map(({ name, type }) => ({ name, type }))
  try {
    const source = await openSource(file)
    const { segments } = await buildSegments({
      ...{ source, columns: draft.columns, key: draft.key, known, maxRows: terms.maxRows, maxBytes: terms.maxBytes },
      createHasher: () => createBlockHasher(columns),
      sha256: sha256Hex,
      async onBatch({ rows }) {
        signal.throwIfAborted()
        onProgress({ done: rows, total: draft.file?.rows ?? rows, unit: 'rows' })
        await giveWay()
      },
    })
    return segments
  } catch (error) {
    if (error instanceof SourceError) throw rowsInvalid(error)
    throw error
  }
}

function rowsInvalid(error: SourceError): MarketplaceError {
  if (!(error instanceof RowsError)) return new MarketplaceError({ code: 'rows-invalid', message: error.message })
  const lines = error.problems.map(({ row, column, sentence }) => `Row ${row}, ${column}: ${sentence}`)
  const more = error.count > lines.length ? [`and ${error.count - lines.length} more`] : []
  return new MarketplaceError({
    code: 'rows-invalid',
    message: error.message,
    details: [...lines, ...more].join('\n'),
    cause: error,
  })
}
