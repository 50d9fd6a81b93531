/** One batch as a part of an answer: deflated (RFC 1951) for the way, fast rather than small, unless it is short. */
import { promisify } from 'node:util'
import { deflateRaw, deflateRawSync } from 'node:zlib'
import type { AnswerPart } from '@enigma/protocol'
import type { EngineBatch } from './engine/engine.ts'

const deflateRawAsync = promisify(deflateRaw)
const level = 1
/** What deflating would save of these costs both sides more than it saves. */
const rawBytes = 4 * 1024
/** Below this the way to the thread pool and back costs more than the work. */
const synchronousBytes = 16 * 1024

/** Encodes a batch. */
export async function encodeBatch({ rows, arrow }: EngineBatch): Promise<AnswerPart> {
  const part = { kind: 'batch', rows, inflatedBytes: arrow.length } as const
  if (arrow.length <= rawBytes) return { ...part, encoding: 'raw', arrow }
  const isShort = arrow.length <= synchronousBytes
  return { ...part, arrow: isShort ? deflateRawSync(arrow, { level }) : await deflateRawAsync(arrow, { level }) }
}
