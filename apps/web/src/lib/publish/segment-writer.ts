/**
 * Writes one segment: a Parquet file whose columns the nodes' engine reads as exactly the declared types. Row groups are
 * written one by one; what is written leaves memory as pieces.
 */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { type ColumnType, type ColumnValue, decimalOf, type PublishColumn } from './column-type.ts'

/** Of the version of hyparquet that the writer itself brings. */
type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]

const groupRows = 32_768
/** Texts and blobs of one row group, in characters or bytes. */
const groupBytes = 16 * 1024 * 1024

export type SegmentWriter = {
  /** Adds a row; values in column order. Returns bytes that are done, most often none. */
  add: (values: readonly ColumnValue[]) => Uint8Array<ArrayBuffer> | undefined
  /** The last bytes of the file. */
  finish: () => Uint8Array<ArrayBuffer>
  readonly rows: number
}

/** Begins a segment. */
export function createSegmentWriter(columns: readonly Pick<PublishColumn, 'name' | 'type'>[]): SegmentWriter {
  const writer = new ByteWriter()
  const root: SchemaElement = { name: 'root', num_children: columns.length }
  const schema = [root, ...columns.map(({ name, type }) => elementOf(name, type))]
  const file = new ParquetWriter({ writer, schema, createdBy: 'enigma' })
  let rows = 0
  let size = 0
  let group = columns.map((): ColumnValue[] => [])
  const flush = () => {
    const columnData = columns.map(({ name, type }, at) => ({ name, data: (group[at] ?? []).map(storedAs(type)) }))
    void file.write({ columnData, rowGroupSize: groupRows })
    group = columns.map(() => [])
    size = 0
    return take(writer)
  }
  return {
    add(values) {
      for (const [at, column] of group.entries()) {
        const value = values[at] ?? null
        column.push(value)
        if (typeof value === 'string' || value instanceof Uint8Array) size += value.length
      }
      rows += 1
      return (group[0]?.length ?? 0) >= groupRows || size >= groupBytes ? flush() : undefined
    },
    finish() {
      if ((group[0]?.length ?? 0) > 0) {
        const before = flush()
        void file.finish()
        return join(before, take(writer))
      }
      void file.finish()
      return take(writer)
    },
    get rows() {
      return rows
    },
  }
}

/** Moves what was written out of the writer; its count of all bytes goes on. */
function take(writer: ByteWriter): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(writer.getBuffer())
  writer.index = 0
  return bytes
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/** −0 and 0 are one value to whoever compares, and two to a dictionary of bytes. */
function storedAs(type: ColumnType): (value: ColumnValue) => ColumnValue {
  return type === 'double' ? (value) => (Object.is(value, -0) ? 0 : value) : (value) => value
}

function elementOf(name: string, type: ColumnType): SchemaElement {
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
    case 'text':
      return { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
    case 'date':
      return { ...optional, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
    case 'timestamp':
      // Not adjusted to UTC: the engine then has a TIMESTAMP, and no zone of its own comes in.
      return { ...optional, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' } }
    default:
      return { ...optional, ...decimalElement(type) }
  }
}

function decimalElement(type: ColumnType): Omit<SchemaElement, 'name'> {
  const { precision, scale } = decimalOf(type) ?? { precision: 0, scale: 0 }
  const logical = { type: 'DECIMAL', precision, scale } as const
  const stored = { converted_type: 'DECIMAL', logical_type: logical, precision, scale } as const
  return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, ...stored }
}
