/** Reads a response's body within a bound, inflating it where the server compressed it. */
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

const inflaters: Record<string, (() => NodeJS.ReadWriteStream) | undefined> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** The body's bytes after inflation; throws `Error` for more than `maxBytes` and for encodings that we do not read. */
export async function readBody({
  response,
  maxBytes,
  signal,
}: {
  response: IncomingMessage
  maxBytes: number
  signal: AbortSignal
}): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`)
      chunks.push(chunk)
    }
  }
  const encoding = response.headers['content-encoding'] ?? 'identity'
  const inflate = inflaters[encoding]
  if (inflate !== undefined) await pipeline(response, inflate(), collect, { signal })
  else if (encoding === 'identity') await pipeline(response, collect, { signal })
  else throw new Error(`the answer is encoded as ${encoding.slice(0, 40)}`)
  return Buffer.concat(chunks, bytes)
}
