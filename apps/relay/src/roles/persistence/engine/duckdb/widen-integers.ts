/** Integers of DuckDB in more bytes, as Arrow's columns have them, without a JavaScript value for each. Little-endian. */
import type { IntegerWidth } from './column-layouts.ts'

export type WidenIntegersParameters = {
  /** At the start of its own buffer, so that it can be read in words. */
  bytes: Uint8Array<ArrayBuffer>
  width: IntegerWidth
  to: 4 | 8 | 16
  signed: boolean
}

/** The same numbers with `to` bytes each. */
export function widenIntegers({ bytes, width, to, signed }: WidenIntegersParameters): Uint8Array<ArrayBuffer> {
  const words = toWords(bytes, width, signed)
  if (to === 4) return new Uint8Array(words.buffer)
  const step = to / 4
  const sourceStep = Math.max(1, width / 4)
  const widened = new Int32Array((words.length / sourceStep) * step)
  for (let from = 0, at = 0; from < words.length; from += sourceStep, at += step) {
    let word = 0
    for (let part = 0; part < sourceStep; part++) widened[at + part] = word = words[from + part] ?? 0
    // What is new holds the sign; of an unsigned number it stays zero.
    if (signed && word < 0) widened.fill(-1, at + sourceStep, at + step)
  }
  return new Uint8Array(widened.buffer)
}

/** As many words of four bytes as a number has, one at least. */
function toWords({ buffer }: Uint8Array<ArrayBuffer>, width: IntegerWidth, signed: boolean): Int32Array<ArrayBuffer> {
  if (width === 1) return new Int32Array(signed ? new Int8Array(buffer) : new Uint8Array(buffer))
  if (width === 2) return new Int32Array(signed ? new Int16Array(buffer) : new Uint16Array(buffer))
  return new Int32Array(buffer)
}
