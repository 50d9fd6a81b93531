/** Parquet: a file of row groups, snappy-compressed, each written for itself, with dates, timestamps and decimals as such. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { type SchemaElement, schemaElement } from './parquet-schema.ts'
import type { CellValue, RowSource } from './result-set.ts'
import { distinctNames } from './json.ts'

const groupRows = 8192
/** Between two looks at the clock; a whole column of a group is encoded at once. */
const readRows = 1024

/** The file's pieces. */
export function* parquetPieces(rows: RowSource): Generator<Uint8Array<ArrayBuffer>> {
  const names = distinctNames(rows.columns.map(({ name }) => name))
  const schema = [
    { name: 'root', num_children: names.length },
    ...rows.columns.map(({ type }, at) => schemaElement({ name: names[at] ?? '', type, isUtc: true })),
  ] satisfies SchemaElement[]
  const writer = new ByteWriter()
  const file = new ParquetWriter({ writer, schema, createdBy: 'enigma' })
  for (let start = 0; start < rows.rowCount; start += groupRows) {
    const end = Math.min(rows.rowCount, start + groupRows)
    const columnData: { name: string; data: CellValue[] }[] = []
    for (const [column, name] of names.entries()) {
      const data: CellValue[] = []
      for (let row = start; row < end; row++) {
        data.push(rows.value(row, column))
        if (row % readRows === 0) yield nothing
      }
      columnData.push({ name, data })
    }
    void file.write({ columnData, rowGroupSize: groupRows })
    yield take(writer)
  }
  void file.finish()
  yield take(writer)
}

const nothing = new Uint8Array(0)

/** Moves what was written out of the writer; its count of all bytes goes on. */
function take(writer: ByteWriter): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(writer.getBuffer())
  writer.index = 0
  return bytes
}
