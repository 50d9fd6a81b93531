/**
 * Writes one segment: a Parquet file whose columns the nodes' engine reads as exactly the declared types. Row groups are
 * written one by one; what is written leaves memory as pieces.
 */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { type SchemaElement, schemaElement } from '@enigma/result/parquet-schema'
import { type ColumnType, type ColumnValue, type PublishColumn } from './column-type.ts'

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
  const schema = [root, ...columns.map(({ name, type }) => schemaElement({ name, type, isUtc: false }))]
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
