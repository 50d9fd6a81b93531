/** Parquet, one row group after the other, with exact decimals and microseconds. */
import {
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaElement,
} from 'hyparquet'
import {
  decompressBrotli,
  decompressGzip,
  decompressLz4,
  decompressLz4Raw,
  decompressZstd,
} from 'hyparquet-compressors'
import { type ColumnType, decimalOf } from './column-type.ts'
import { readBytes } from './read-text.ts'
import { type Cell, type Source, SourceError, type SourceFile } from './source.ts'

/** A row group is unpacked as a whole. */
const maxGroupBytes = 256 * 1024 * 1024
/** Rows that are assembled at once. */
const stepRows = 8192

/** Snappy is the reader's own: the other package's is WebAssembly, which the site's policy forbids. */
const compressors = {
  GZIP: decompressGzip,
  BROTLI: decompressBrotli,
  ZSTD: (input: Uint8Array) => decompressZstd(input),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
}

/** Values as the protocol has them, in place of dates that lose microseconds. */
const parsers = {
  timestampFromMilliseconds: (millis: bigint) => millis * 1000n,
  timestampFromMicroseconds: (micros: bigint) => micros,
  timestampFromNanoseconds: (nanos: bigint) => nanos / 1000n,
  dateFromDays: (days: number) => days,
  jsonFromBytes: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
}

type ParquetColumn = { name: string; type: ColumnType }

/** Opens a Parquet file; throws `SourceError` for what cannot be published. */
export async function readParquet(file: SourceFile): Promise<Source> {
  const buffer = { byteLength: file.size, slice: (start: number, end = file.size) => readBytes(file, start, end) }
  const metadata = await readMetadata(buffer)
  const columns = columnsOf(metadata)
  const plain = withoutDecimals(metadata)
  const read = (rowStart: number, rowEnd: number) =>
    parquetReadObjects({ file: buffer, metadata: plain, compressors, parsers, utf8: false, rowStart, rowEnd })
  return {
    format: 'parquet',
    names: columns.map(({ name }) => name),
    types: columns.map(({ type }) => type),
    totalBytes: file.size,
    async *batches() {
      let done = 0
      for (const group of metadata.row_groups) {
        if (Number(group.total_byte_size) > maxGroupBytes) throw groupTooLarge()
        const groupEnd = done + Number(group.num_rows)
        while (done < groupEnd) {
          const end = Math.min(groupEnd, done + stepRows)
          const rows = await readRows(() => read(done, end), columns)
          done = end
          yield { rows, bytesRead: Math.round((file.size * done) / Number(metadata.num_rows)) }
        }
      }
    },
  }
}

async function readMetadata(buffer: Parameters<typeof parquetMetadataAsync>[0]): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(buffer, { geoparquet: false })
  } catch (cause) {
    throw new SourceError('The file is no whole Parquet file; make it again, or check that it was copied to its end.', {
      cause,
    })
  }
}

async function readRows(read: () => Promise<Record<string, unknown>[]>, columns: ParquetColumn[]): Promise<Cell[][]> {
  try {
    const rows = await read()
    return rows.map((row) => columns.map(({ name, type }) => toCell(type, row[name])))
  } catch (cause) {
    if (cause instanceof SourceError) throw cause
    const why = cause instanceof Error ? cause.message.slice(0, 200) : ''
    throw new SourceError(`The Parquet file cannot be read: ${why}. Write it again with another tool or codec.`, {
      cause,
    })
  }
}

function columnsOf(metadata: FileMetaData): ParquetColumn[] {
  return parquetSchema(metadata).children.map(({ element, children }) => {
    const type = children.length === 0 && element.repetition_type !== 'REPEATED' ? typeOf(element) : undefined
    if (type !== undefined) return { name: element.name, type }
    throw new SourceError(
      `Column ${JSON.stringify(element.name)} holds lists, structs or a type that datasets do not have; leave it out or make it plain.`,
    )
  })
}

function typeOf({ type, converted_type: converted, logical_type: logical, ...rest }: SchemaElement) {
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    const { precision = 0, scale = 0 } = logical?.type === 'DECIMAL' ? logical : rest
    return precision <= 38 ? (`decimal(${precision},${scale})` as const) : undefined
  }
  if (converted === 'DATE' || logical?.type === 'DATE') return 'date'
  if (converted?.startsWith('TIMESTAMP') === true || logical?.type === 'TIMESTAMP' || type === 'INT96') {
    return 'timestamp'
  }
  if (converted?.startsWith('TIME') === true || logical?.type === 'TIME' || converted === 'INTERVAL') return undefined
  return typeOfStored(type, converted, logical)
}

function typeOfStored(
  type: SchemaElement['type'],
  converted: SchemaElement['converted_type'],
  logical: SchemaElement['logical_type'],
): ColumnType | undefined {
  const isUnsigned = logical?.type === 'INTEGER' && !logical.isSigned
  switch (type) {
    case 'BOOLEAN':
      return 'boolean'
    case 'INT32':
      return converted === 'UINT_32' || (isUnsigned && logical.bitWidth === 32) ? 'bigint' : 'integer'
    case 'INT64':
      return converted === 'UINT_64' || isUnsigned ? 'decimal(20,0)' : 'bigint'
    case 'FLOAT':
    case 'DOUBLE':
      return 'double'
    case 'BYTE_ARRAY':
      return isText(converted, logical) ? 'text' : 'blob'
    case 'FIXED_LEN_BYTE_ARRAY':
      if (logical?.type === 'UUID') return 'text'
      return logical?.type === 'FLOAT16' ? 'double' : 'blob'
    default:
      return undefined
  }
}

function isText(converted: SchemaElement['converted_type'], logical: SchemaElement['logical_type']): boolean {
  return ['UTF8', 'ENUM', 'JSON'].includes(converted ?? '') || ['STRING', 'ENUM', 'JSON'].includes(logical?.type ?? '')
}

/** The reader makes doubles of decimals: as plain integers and bytes they stay exact. */
function withoutDecimals(metadata: FileMetaData): FileMetaData {
  const schema = metadata.schema.map((element) => {
    if (element.converted_type !== 'DECIMAL' && element.logical_type?.type !== 'DECIMAL') return element
    const plain = { ...element }
    delete plain.converted_type
    delete plain.logical_type
    return plain
  })
  return { ...metadata, schema }
}

function toCell(type: ColumnType, value: unknown): Cell {
  if (value === null || value === undefined) return null
  if (decimalOf(type) !== undefined) return toUnscaled(value)
  if (type === 'bigint' && typeof value === 'number') return BigInt(value)
  if (type === 'text' && value instanceof Uint8Array) return decodeText(value)
  return value as Cell
}

/** Decimals are stored as integers or as two's complement with the highest byte first. */
function toUnscaled(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return BigInt(value)
  if (!(value instanceof Uint8Array)) throw new SourceError('A decimal of the Parquet file cannot be read.')
  let unscaled = 0n
  for (const byte of value) unscaled = (unscaled << 8n) | BigInt(byte)
  return BigInt.asIntN(value.length * 8, unscaled)
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new SourceError('A text of the Parquet file is not UTF-8; mend it where the file is made.', { cause })
  }
}

function groupTooLarge(): SourceError {
  return new SourceError(
    'The Parquet file has row groups of more than 256 MB, which a page cannot unpack; write it with smaller ones.',
  )
}
