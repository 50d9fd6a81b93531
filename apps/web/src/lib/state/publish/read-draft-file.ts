/** What a draft knows of its file: columns with the types that hold every value, first rows, and how many there are. */
import { MarketplaceError } from '@enigma/protocol'
import { toIdentifier } from '#lib/publish/identifiers.ts'
import { inferColumns } from '#lib/publish/infer-columns.ts'
import { openSource } from '#lib/publish/open-source.ts'
import type { PublishColumn } from '#lib/publish/column-type.ts'
import type { Draft } from '#lib/publish/draft.ts'
import { type Cell, NumberText, SourceError } from '#lib/publish/source.ts'
import { giveWay } from './give-way.ts'

const shownRows = 5
const shownCharacters = 80

type Read = Pick<Draft, 'file' | 'columns' | 'key'> & { tableName: string }

/** Reads the whole file once; throws `rows-invalid`. What was said of columns of the same name stays. */
export async function readDraftFile(
  file: File,
  before: Pick<Draft, 'columns' | 'key'>,
  onProgress: (progress: { bytesRead: number; rows: number }) => void,
): Promise<Read> {
  try {
    const source = await openSource(file)
    const { columns, rows, preview } = await inferColumns({
      source,
      async onBatch(progress) {
        onProgress(progress)
        await giveWay()
      },
    })
    const kept = columns.map((column) => withWords(column, before.columns))
    return {
      file: {
        ...{ name: file.name, bytes: file.size, format: source.format, rows, names: [...source.names] },
        preview: preview.slice(0, shownRows).map((cells) => source.names.map((_, at) => textOf(cells[at] ?? null))),
      },
      columns: kept,
      key: before.key.filter((name) => kept.some((column) => column.name === name)),
      tableName: toIdentifier(file.name.replace(/\.[^.]*$/, ''), 'rows').slice(0, 31),
    }
  } catch (error) {
    if (error instanceof SourceError) throw new MarketplaceError({ code: 'rows-invalid', message: error.message })
    throw error
  }
}

function withWords(column: PublishColumn, before: readonly PublishColumn[]): PublishColumn {
  const same = before.find(({ source }) => source === column.source)
  return same === undefined ? column : { ...column, unit: same.unit, description: same.description }
}

/** A cell as the preview shows it. */
function textOf(cell: Cell): string | null {
  if (cell === null) return null
  const text =
    cell instanceof NumberText ? cell.text : cell instanceof Uint8Array ? `${cell.length} bytes` : String(cell)
  return text.slice(0, shownCharacters)
}
