/** Files of results: written in slices, kept as parts of a Blob, so that a million rows do not stop the page. */
import type { RowSource } from '../result/result-set.ts'
import type { Slices } from '../result/slices.ts'

/** What can be written. */
export const exportFormats = {
  csv: { text: 'CSV', extension: 'csv', mediaType: 'text/csv;charset=utf-8' },
  json: { text: 'JSON', extension: 'json', mediaType: 'application/json' },
  arrow: { text: 'Arrow', extension: 'arrows', mediaType: 'application/vnd.apache.arrow.stream' },
  parquet: { text: 'Parquet', extension: 'parquet', mediaType: 'application/vnd.apache.parquet' },
} as const
export type ExportFormat = keyof typeof exportFormats

export type ExportRowsParameters = {
  rows: RowSource
  format: ExportFormat
  slices: Slices
}

/** Texts are joined to parts of this size: a Blob of a million little parts is slow, and one of a long text blocks. */
const partLength = 256 * 1024

/** Writes the rows as they are shown; the format's library is loaded when it is first needed. */
export async function exportRows({ rows, format, slices }: ExportRowsParameters): Promise<Blob> {
  const parts: BlobPart[] = []
  let text = ''
  for (const piece of await piecesOf(rows, format)) {
    if (typeof piece === 'string') text += piece
    else if (piece.length > 0) parts.push(piece)
    if (text.length > partLength) {
      // A part of its own, encoded now: all of them at the end would be one long task.
      parts.push(new Blob([text]))
      text = ''
    }
    if (slices.isDue()) await slices.pause()
  }
  if (text !== '') parts.push(text)
  return new Blob(parts, { type: exportFormats[format].mediaType })
}

async function piecesOf(rows: RowSource, format: ExportFormat): Promise<Iterable<string | Uint8Array<ArrayBuffer>>> {
  switch (format) {
    case 'csv':
      return (await import('./csv.ts')).csvPieces(rows)
    case 'json':
      return (await import('./json.ts')).jsonPieces(rows)
    case 'arrow':
      return (await import('./arrow.ts')).arrowPieces(rows)
    case 'parquet':
      return (await import('./parquet.ts')).parquetPieces(rows)
  }
}

/** A name that tells results apart: dataset, snapshot, moment. */
export function exportFileName(parameters: {
  dataset: string
  seq: number | undefined
  atMs: number
  format: ExportFormat
}): string {
  const { dataset, seq, atMs, format } = parameters
  const name = dataset.replace(/^.*\//, '').replace(/[^a-z0-9_-]+/gi, '-') || 'result'
  const moment = new Date(atMs).toISOString().replace(/[-:]/g, '').replace('T', '-').replace(/\..*/, '')
  const snapshot = seq === undefined ? '' : `-snapshot${seq}`
  return `${name}${snapshot}-${moment}.${exportFormats[format].extension}`
}
