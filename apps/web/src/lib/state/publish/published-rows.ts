/** What is published of a dataset already, as the next publication needs it: the keys of its rows. */
import type { PublishedHere } from '@enigma/client/publish'
import { MarketplaceError, type Snapshot } from '@enigma/protocol'
import { keyOf } from '#lib/publish/build-segments.ts'
import type { Draft } from '#lib/publish/draft.ts'
import { maxKeyedRows } from '#lib/publish/limits.ts'
import { openSource } from '#lib/publish/open-source.ts'
import { giveWay } from './give-way.ts'
import type { StepContext } from './publication.ts'

type SnapshotTable = Snapshot['tables'][number]

/** The keys of all published rows; reads every segment once. Throws where they are too many to be held. */
export async function readKnownKeys(
  here: Pick<PublishedHere, 'segment'>,
  table: SnapshotTable,
  { key }: Pick<Draft, 'key'>,
  { signal }: StepContext,
): Promise<ReadonlySet<string>> {
  const rows = table.segments.reduce((sum, segment) => sum + segment.rows, 0)
  if (rows > maxKeyedRows) throw tooManyRows(rows)
  const known = new Set<string>()
  for (const segment of table.segments) {
    const file = new File([await here.segment(segment, signal)], 'published.parquet')
    const source = await openSource(file)
    const places = key.map((name) => source.names.indexOf(name))
    for await (const batch of source.batches()) {
      signal.throwIfAborted()
      for (const cells of batch.rows) {
        const text = keyOf(places.map((at) => cells[at] ?? null) as Parameters<typeof keyOf>[0])
        if (text !== undefined) known.add(text)
      }
      await giveWay()
    }
  }
  return known
}

/** The published table, where its columns are still those of the draft; undefined for one without rows. */
export function publishedTable(snapshot: Snapshot | undefined, draft: Draft): SnapshotTable | undefined {
  const table = snapshot?.tables.find(({ name }) => name === draft.table)
  const shape = (columns: readonly { name: string; type: string }[]) =>
    JSON.stringify(columns.map(({ name, type }) => [name, type]))
  if (table === undefined || shape(table.columns) === shape(draft.columns)) return table
  const message = 'The columns of the table have changed since its rows were published; replace all of its rows.'
  throw new MarketplaceError({ code: 'rows-invalid', message })
}

function tooManyRows(rows: number): MarketplaceError {
  const message = `The table has ${rows.toLocaleString('en')} rows, and a page compares the keys of at most ${maxKeyedRows.toLocaleString('en')}; use the command line: enigma dataset publish.`
  return new MarketplaceError({ code: 'rows-invalid', message })
}
