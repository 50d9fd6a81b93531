/** The part that writes files, but for Parquet's: loaded when a reader or the page wants one. */
import { arrowPieces } from '@enigma/result/arrow'
import { csvPieces } from '@enigma/result/csv'
import { fileFormats } from '@enigma/result/file-formats'
import { fileOf } from '@enigma/result/file-of'
import { jsonPieces } from '@enigma/result/json'
import { pageSlices } from '@enigma/result/page-slices'
import type { RowSource } from '@enigma/result/result-set'
import type { WidgetFormat } from './element-types.ts'

const writers = { csv: csvPieces, json: jsonPieces, arrow: arrowPieces }

/** The module of the parts `files` and `parquet`. */
export type FilesModule = { writeFile: (rows: RowSource, format: WidgetFormat) => Promise<Blob> }

/** Writes the rows; CSV is inert in spreadsheets. */
export function writeFile(rows: RowSource, format: keyof typeof writers): Promise<Blob> {
  return fileOf({ pieces: writers[format](rows), mediaType: fileFormats[format].mediaType, slices: pageSlices() })
}
