/** The part that writes Parquet files: by a library of its own. */
import { fileFormats } from '@enigma/result/file-formats'
import { fileOf } from '@enigma/result/file-of'
import { pageSlices } from '@enigma/result/page-slices'
import { parquetPieces } from '@enigma/result/parquet'
import type { RowSource } from '@enigma/result/result-set'

/** Writes the rows. */
export function writeFile(rows: RowSource): Promise<Blob> {
  return fileOf({ pieces: parquetPieces(rows), mediaType: fileFormats.parquet.mediaType, slices: pageSlices() })
}
