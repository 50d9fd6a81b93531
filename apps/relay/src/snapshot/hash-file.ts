/** SHA-256 of a file, read in pieces. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Hex } from '@enigma/protocol'

/** The hash of the file's bytes and how many there are. */
export async function hashFile(path: string): Promise<{ hash: Hex; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      bytes += chunk.length
      hash.update(chunk)
    }
  })
  return { hash: `0x${hash.digest('hex')}`, bytes }
}
