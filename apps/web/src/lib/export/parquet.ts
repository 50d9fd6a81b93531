/** Parquet: a file of row groups, snappy-compressed, each written for itself, with dates, timestamps and decimals as such. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { scaleOf } from '../format/cell.ts'
import type { CellValue, RowSource } from '../result/result-set.ts'
import { distinctNames } from './json.ts'

/** Of the version of hyparquet that the writer itself brings. */
type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]

const groupRows = 8192
/** Between two looks at the clock; a whole column of a group is encoded at once. */
const readRows = 1024

/** The file's pieces. */
export function* parquetPieces(rows: RowSource): Generator<Uint8Array<ArrayBuffer>> {
  const names = distinctNames(rows.columns.map(({ name }) => name))
  const schema = [
    { name: 'root', num_children: names.length },
    ...rows.columns.map(({ type }, at) => elementOf(names[at] ?? '', type)),
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

function elementOf(name: string, type: string): SchemaElement {
  const optional = { name, repetition_type: 'OPTIONAL' } as const
  switch (type) {
    case 'boolean':
      return { ...optional, type: 'BOOLEAN' }
    case 'integer':
      return { ...optional, type: 'INT32' }
    case 'bigint':
      return { ...optional, type: 'INT64' }
    case 'double':
      return { ...optional, type: 'DOUBLE' }
    case 'blob':
      return { ...optional, type: 'BYTE_ARRAY' }
    case 'date':
      return { ...optional, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
    case 'timestamp':
      return {
        ...optional,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      }
    default:
      return { ...optional, ...decimalOrText(type) }
  }
}

function decimalOrText(type: string): Omit<SchemaElement, 'name'> {
  const precision = Number(/^decimal\((\d{1,2}),/.exec(type)?.[1] ?? 0)
  if (precision === 0) return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
  const scale = scaleOf(type)
  return {
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    converted_type: 'DECIMAL',
    logical_type: { type: 'DECIMAL', precision, scale },
    precision,
    scale,
  }
}
