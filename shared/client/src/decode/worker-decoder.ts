/**
 * The page's side of decoding in a worker. The worker begins when the page says so, when an answer is long, or after the
 * first one, which it thus never delays; until it is ready, and once it is lost, this thread decodes (`chooseThread`).
 */
import { MarketplaceError } from '@enigma/protocol'
import type { DecoderSource } from '../types.ts'
import {
  batchesAhead,
  type Chunk,
  chunksAhead,
  type DecodeAnswer,
  type DecodeAnswerParameters,
  type DecodedPart,
  type DecodeTimings,
} from './decode-answer.ts'
import { type BeginMessage, type FromWorker, ready, type ToWorker } from './decode-messages.ts'
import { createMailbox, type Mailbox } from './mailbox.ts'

/** A worker that is silent for this long is asked for a sign, and given up after as long again. */
const silenceMs = 4_000
/** A worker that needs longer to begin is not waited for. */
const startMs = 3_000

/** What of `Worker` is used. */
export type DecodeWorker = Pick<Worker, 'postMessage' | 'terminate'> & {
  addEventListener: (type: 'message' | 'error' | 'messageerror', listener: (event: Event) => void) => void
}

/** The worker ended or fell silent in the middle of an answer; the next attempt is decoded on this thread. */
export class DecoderLostError extends Error {
  override readonly name = 'DecoderLostError'
}

type Answers = Set<(error: DecoderLostError) => void>

/** Creates the source; `create` makes the worker, and may throw where the page cannot have one. */
export function createWorkerDecoder({ create }: { create: () => DecodeWorker }): DecoderSource {
  const answers: Answers = new Set()
  const { promise: settled, resolve: settle } = Promise.withResolvers<undefined>()
  let worker: DecodeWorker | undefined
  let state: 'none' | 'starting' | 'ready' | 'lost' = 'none'

  const lose = () => {
    if (state === 'lost') return
    state = 'lost'
    settle(undefined)
    worker?.terminate()
    const error = new DecoderLostError('the decoding worker has ended')
    for (const tell of answers) tell(error)
  }
  const decode: DecodeAnswer = (parameters) => {
    if (worker === undefined) throw new TypeError('no worker is ready')
    return decodeByWorker({ ...parameters, worker, answers, lose })
  }
  const current = () => (state === 'ready' ? decode : undefined)
  const warm = () => {
    if (state !== 'none') return
    state = 'starting'
    try {
      worker = create()
    } catch {
      // A page that may not have workers decodes on this thread.
      lose()
      return
    }
    worker.addEventListener('message', (event) => {
      if ((event as MessageEvent).data !== ready || state !== 'starting') return
      state = 'ready'
      settle(undefined)
    })
    worker.addEventListener('error', lose)
    worker.addEventListener('messageerror', lose)
  }
  return {
    current,
    warm,
    async ready() {
      warm()
      const timer = setTimeout(() => settle(undefined), startMs)
      await settled
      clearTimeout(timer)
      return current()
    },
    close() {
      lose()
    },
  }
}

type Parameters = DecodeAnswerParameters & { worker: DecodeWorker; answers: Answers; lose: () => void }

async function* decodeByWorker(parameters: Parameters): AsyncGenerator<DecodedPart, DecodeTimings, undefined> {
  const { worker, answers, lose, opening, source, onOpened, onEnd } = parameters
  const { port1: port, port2 } = new MessageChannel()
  const inbox = createMailbox<FromWorker>()
  const slots = createMailbox<true>()
  const say = (message: ToWorker, transfer: Transferable[] = []) => port.postMessage(message, transfer)
  let hasSpoken = true
  port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    hasSpoken = true
    if (data.kind === 'took') slots.put(true)
    else if (data.kind === 'opened') onOpened()
    else if (data.kind !== 'pong') inbox.put(data)
  }
  answers.add(inbox.fail)
  const begin: BeginMessage = { port: port2, opening }
  worker.postMessage(begin, [port2])
  const watch = setInterval(() => {
    if (!hasSpoken) lose()
    hasSpoken = false
    say({ kind: 'ping' })
  }, silenceMs)
  for (let each = 0; each < chunksAhead; each++) slots.put(true)
  for (let each = 0; each < batchesAhead; each++) say({ kind: 'want' })
  pump({ source, slots, say }).catch(inbox.fail)
  try {
    for (;;) {
      const reply = await inbox.take()
      if (reply?.kind === 'end') return reply.timings
      if (reply?.kind === 'failed') throw new MarketplaceError(reply)
      if (reply?.kind !== 'part') continue
      say({ kind: 'want' })
      yield reply.part
    }
  } finally {
    clearInterval(watch)
    answers.delete(inbox.fail)
    say({ kind: 'leave' })
    slots.close()
    port.close()
    onEnd()
  }
}

type PumpParameters = {
  source: AsyncIterable<Chunk>
  slots: Mailbox<true>
  say: (message: ToWorker, transfer: Transferable[]) => void
}

/** Hands chunks over, at most as many as the worker has room for. */
async function pump({ source, slots, say }: PumpParameters): Promise<void> {
  for await (const { frame, isLast } of source) {
    if ((await slots.take()) === undefined) return
    const own = ownBuffer(frame)
    say({ kind: 'chunk', frame: own, isLast }, [own.buffer])
  }
  say({ kind: 'end' }, [])
}

/** A frame may be a view of a message with others in it, which must stay. */
function ownBuffer(frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = frame.buffer instanceof ArrayBuffer && frame.byteLength === frame.buffer.byteLength
  return isWhole ? (frame as Uint8Array<ArrayBuffer>) : new Uint8Array(frame)
}
