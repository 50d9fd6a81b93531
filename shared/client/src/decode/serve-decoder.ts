/** The worker's side of decoding: one answer on one port, as fast as the page takes chunks in and parts out. */
import { MarketplaceError } from '@enigma/protocol'
import type { Chunk, DecodeAnswer, DecodedPart } from './decode-answer.ts'
import type { BeginMessage, FromWorker, ToWorker } from './decode-messages.ts'
import { createMailbox } from './mailbox.ts'

/** Decodes one answer; never rejects: failures are told to the page. */
export async function serveDecoder(decode: DecodeAnswer, { port, opening }: BeginMessage): Promise<void> {
  const chunks = createMailbox<Chunk>()
  const wants = createMailbox<true>()
  const say = (message: FromWorker, transfer: Transferable[] = []) => port.postMessage(message, transfer)
  const leave = () => {
    chunks.close()
    wants.close()
    port.close()
  }
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    if (data.kind === 'chunk') chunks.put(data)
    else if (data.kind === 'end') chunks.close()
    else if (data.kind === 'want') wants.put(true)
    else if (data.kind === 'ping') say({ kind: 'pong' })
    else leave()
  }
  async function* source(): AsyncGenerator<Chunk, void, undefined> {
    for (let chunk = await chunks.take(); chunk !== undefined; chunk = await chunks.take()) {
      say({ kind: 'took' })
      yield chunk
    }
  }
  const decoded = decode({
    source: source(),
    opening,
    onOpened: () => say({ kind: 'opened' }),
    onEnd: () => chunks.close(),
  })
  try {
    for (;;) {
      const { done, value } = await decoded.next()
      if (done === true) {
        say({ kind: 'end', timings: value })
        return
      }
      // Whoever does not want it has left.
      if ((await wants.take()) === undefined) return
      say({ kind: 'part', part: value }, buffersOf(value))
    }
  } catch (error) {
    say(failureOf(error))
  } finally {
    await decoded.return(undefined as never)
  }
}

/** The views of a batch share the buffer that goes over with them. */
function buffersOf(part: DecodedPart): Transferable[] {
  if (part.kind !== 'batch') return []
  const buffers = part.data.flatMap(({ validity, values, offsets }) => [
    validity,
    values,
    ...(offsets ? [offsets] : []),
  ])
  // An absent validity is an empty view of a buffer that all columns share: it is copied.
  return [...new Set(buffers.filter(({ byteLength }) => byteLength > 0).map(({ buffer }) => buffer as ArrayBuffer))]
}

function failureOf(error: unknown): FromWorker {
  if (!(error instanceof MarketplaceError)) {
    const message = 'The answer could not be decoded; ask again by another relay.'
    return { kind: 'failed', code: 'answer-invalid', message, details: undefined }
  }
  return { kind: 'failed', code: error.code, message: error.shortMessage, details: error.details }
}
