/** Deflates one Arrow batch for an answer (RFC 1951), fast rather than small. */
import { promisify } from 'node:util'
import { deflateRaw, deflateRawSync } from 'node:zlib'

const deflateRawAsync = promisify(deflateRaw)
const level = 1
/** Below this the way to the thread pool and back costs more than the work. */
const synchronousBytes = 16 * 1024

/** The batch as deflate-raw. */
export async function deflateBatch(arrow: Uint8Array): Promise<Uint8Array> {
  return arrow.length <= synchronousBytes ? deflateRawSync(arrow, { level }) : deflateRawAsync(arrow, { level })
}
