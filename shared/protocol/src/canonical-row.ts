/**
 * Canonical bytes of a row: what snapshot blocks and deterministic results are hashed over, the same on every engine.
 * A row is its values in column order: a tag byte (0 null, 1 present) and, if present, a fixed or length-prefixed body,
 * little-endian: boolean 1, integer and date int32, bigint and timestamp int64, double IEEE 754 (NaN canonical, −0 as
 * 0), decimal int128 unscaled, text (UTF-8) and blob uint32 length ‖ bytes.
 */
import { decimalOf, type ResultColumn, type Value } from './columns.ts'

const encoder = new TextEncoder()

/** Writes rows into one growing buffer; reuse it per block and call `take`. */
export class CanonicalRowWriter {
  readonly #columns: readonly ResultColumn[]
  #bytes = new Uint8Array(64 * 1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  constructor(columns: readonly ResultColumn[]) {
    this.#columns = columns
  }

  /**
   * Appends one row; `values` are in column order. Throws `TypeError` for a value that is not of its column's type,
   * `RangeError` for one that its type cannot hold: no two rows share their bytes.
   */
  write(values: readonly Value[]): void {
    if (values.length !== this.#columns.length) {
      throw new RangeError(`a row of ${values.length} values in ${this.#columns.length} columns`)
    }
    for (const [index, column] of this.#columns.entries()) this.writeValue(column.type, values[index] ?? null)
  }

  /** Appends one value of a column type. */
  writeValue(type: ResultColumn['type'], value: Value): void {
    this.#reserve(17)
    if (value === null) {
      this.#bytes[this.#length++] = 0
      return
    }
    this.#bytes[this.#length++] = 1
    if (type === 'text' || type === 'blob') this.#writeVariable(type, value)
    else this.#writeFixed(type, value)
  }

  /** The bytes since the last call, copied. */
  take(): Uint8Array<ArrayBuffer> {
    const out = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return out
  }

  #writeFixed(type: ResultColumn['type'], value: Value): void {
    const at = this.#length
    if (type === 'boolean' && typeof value === 'boolean') {
      this.#bytes[at] = value ? 1 : 0
      this.#length += 1
    } else if ((type === 'integer' || type === 'date') && typeof value === 'number') {
      this.#view.setInt32(at, held(type, value, (value | 0) === value), true)
      this.#length += 4
    } else if ((type === 'bigint' || type === 'timestamp') && typeof value === 'bigint') {
      this.#view.setBigInt64(at, held(type, value, BigInt.asIntN(64, value) === value), true)
      this.#length += 8
    } else if (type === 'double' && typeof value === 'number') {
      this.#view.setFloat64(at, Number.isNaN(value) ? Number.NaN : value + 0, true)
      this.#length += 8
    } else if (decimalOf(type) !== undefined && typeof value === 'bigint') {
      this.#view.setBigUint64(at, BigInt.asUintN(64, value), true)
      this.#view.setBigInt64(at + 8, held(type, value, BigInt.asIntN(128, value) === value) >> 64n, true)
      this.#length += 16
    } else {
      throw new TypeError(`a ${typeof value} is not a ${type}`)
    }
  }

  #writeVariable(type: 'text' | 'blob', value: Value): void {
    const body = typeof value === 'string' ? encoder.encode(value) : value
    if (!(body instanceof Uint8Array) || (type === 'text') !== (typeof value === 'string'))
      throw new TypeError(`a ${typeof value} is not a ${type}`)
    this.#reserve(4 + body.length)
    this.#view.setUint32(this.#length, body.length, true)
    this.#bytes.set(body, this.#length + 4)
    this.#length += 4 + body.length
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

function held<T extends number | bigint>(type: string, value: T, fits: boolean): T {
  if (!fits) throw new RangeError(`${value} does not fit in ${type}`)
  return value
}
