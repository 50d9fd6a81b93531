/** Inflation by node:zlib: what is short at once, what is long on another thread. */
import { inflateRaw, inflateRawSync, type Zlib, type ZlibOptions } from 'node:zlib'
import type { InflateRaw } from '../query/decode-batch.ts'

const synchronousBytes = 16 * 1024

/** What zlib gives with `info`: its types leave it out. */
type Inflated = { buffer: Uint8Array; engine: Zlib & { bytesWritten: number } }
type Options = ZlibOptions & { info: true }
const inflateAtOnce = inflateRawSync as unknown as (bytes: Uint8Array, options: Options) => Inflated
const inflateOnThread = inflateRaw as unknown as (
  bytes: Uint8Array,
  options: Options,
  callback: (error: Error | null, result: Inflated) => void,
) => void

/** Inflates in one piece, bounded as it grows. */
export const inflateInNode: InflateRaw = async (bytes, maxBytes) => {
  // zlib takes no limit of nothing; the one byte more is refused by the caller.
  const options = { maxOutputLength: Math.max(1, maxBytes), info: true } as const
  const { buffer, engine } =
    maxBytes <= synchronousBytes ? inflateAtOnce(bytes, options) : await inflateAside(bytes, options)
  if (engine.bytesWritten !== bytes.length) throw new RangeError('bytes behind the end')
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

function inflateAside(bytes: Uint8Array, options: Options): Promise<Inflated> {
  return new Promise((resolve, reject) => {
    inflateOnThread(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}
