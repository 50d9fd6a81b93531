/** The files that the console writes of a result. */
import { type FileFormat, fileFormats } from '@enigma/result/file-formats'
import { fileOf } from '@enigma/result/file-of'
import type { RowSource } from '@enigma/result/result-set'
import type { Slices } from '@enigma/result/slices'

export type ExportRowsParameters = {
  rows: RowSource
  format: FileFormat
  slices: Slices
}

/** Writes the rows as they are shown; the format's library is loaded when it is first needed. */
export async function exportRows({ rows, format, slices }: ExportRowsParameters): Promise<Blob> {
  return fileOf({ pieces: await piecesOf(rows, format), mediaType: fileFormats[format].mediaType, slices })
}

async function piecesOf(rows: RowSource, format: FileFormat): Promise<Iterable<string | Uint8Array<ArrayBuffer>>> {
  switch (format) {
    case 'csv':
      return (await import('@enigma/result/csv')).csvPieces(rows)
    case 'json':
      return (await import('@enigma/result/json')).jsonPieces(rows)
    case 'arrow':
      return (await import('@enigma/result/arrow')).arrowPieces(rows)
    case 'parquet':
      return (await import('@enigma/result/parquet')).parquetPieces(rows)
  }
}
