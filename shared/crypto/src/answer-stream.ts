/**
 * Sealed answers: STREAM (Hoang et al., CRYPTO 2015) over AES-256-GCM. Key and nonce prefix are exported from an HPKE
 * context that is set up once for the answer; nonce = prefix (7 bytes) ‖ index (32 bits) ‖ final flag; AAD = header.
 */
import {
  type AnswerPart,
  concatBytes,
  createAnswerPartReader,
  decodeAnswerHeader,
  encodeAnswerHeader,
  encodeAnswerPart,
  type Hex,
  limits,
  MarketplaceError,
  suiteP256,
  utf8,
} from '@enigma/protocol'
import { hexToBytes } from 'viem'
import { importPublicKey, type ReplyKeyPair } from './hpke.ts'
import { padmeLength } from './padme.ts'
import { type ChunkCipher, isUncompressed, type Primitives, webPrimitives } from './primitives.ts'

type ExportContext = { Export: (exporterContext: Uint8Array, length: number) => Promise<Uint8Array> }
type StreamKeys = { cipher: ChunkCipher; prefix: Uint8Array }

const tagBytes = 16
/** Bytes of an encoded padding part around its zeros, at most. */
const paddingOverhead = 40

/** What binds an answer to its question and its answerer. */
export type AnswerBinding = { requestHash: Hex; signer: Hex }

export type AnswerSealer = {
  /** The first frame. */
  readonly header: Uint8Array
  /** Frames of parts that leave together; they begin a new chunk so that they can be opened at once. */
  sealPart: (...parts: AnswerPart[]) => Promise<Uint8Array[]>
  /** Frames of the last parts, padding before the very last; the stream is final after them. */
  sealLast: (...parts: [...AnswerPart[], AnswerPart]) => Promise<Uint8Array[]>
}

/** Creates the sealer of one answer; throws `unreadable` when the reply key is no point. Chunks seal in parallel. */
export async function createAnswerSealer({
  replyKey,
  requestHash,
  signer,
  chunkBytes = limits.largeChunkBytes,
  primitives = webPrimitives,
}: AnswerBinding & {
  replyKey: Hex
  chunkBytes?: number
  primitives?: Primitives | undefined
}): Promise<AnswerSealer> {
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes < 1 || chunkBytes > limits.largeChunkBytes) {
    throw new RangeError(`chunkBytes is ${chunkBytes}; it must be 1 to ${limits.largeChunkBytes}`)
  }
  const publicKey = await importPublicKey(replyKey, 'unreadable', primitives)
  const info = infoOf({ requestHash, signer })
  const { encapsulatedSecret, ctx } = await primitives.suite.SetupSender(publicKey, { info })
  const header = encodeAnswerHeader({ v: 1, suite: suiteP256, enc: encapsulatedSecret, chunkBytes })
  const { cipher, prefix } = await deriveKeys(ctx, primitives)
  let index = 0
  let sealedBytes = 0
  let isFinal = false

  const seal = (bytes: Uint8Array<ArrayBuffer>, last: boolean): Promise<Uint8Array[]> => {
    if (isFinal) throw new TypeError('the answer is final')
    isFinal = last
    sealedBytes += bytes.length
    return Promise.all(
      splitChunks(bytes, chunkBytes).map((chunk, at, all) => {
        const nonce = nonceOf(prefix, index++, last && at === all.length - 1)
        return cipher.seal({ nonce, aad: header, bytes: chunk })
      }),
    )
  }
  return {
    header,
    sealPart: (...parts) => seal(concatBytes(...parts.map(encodeAnswerPart)), false),
    sealLast(...parts) {
      const encoded = parts.map(encodeAnswerPart)
      const bytes = encoded.reduce((sum, { length }) => sum + length, sealedBytes)
      return seal(concatBytes(...encoded.slice(0, -1), paddingPart(bytes), ...encoded.slice(-1)), true)
    },
  }
}

export type AnswerOpener = {
  /**
   * Opens the next frame; the header is the first. Calls need not wait for each other: chunks open in parallel and are
   * released in order. `isLikelyLast` spares an attempt when it is true of the last chunk, and is not relied on. Every
   * failure is `answer-invalid`, and every later call fails with it.
   */
  push: (frame: Uint8Array, isLikelyLast?: boolean) => Promise<AnswerPart[]>
  /** Whether the final chunk was opened. */
  readonly isComplete: boolean
  /** Call when no more frames come; throws `answer-invalid` when the answer was cut. */
  finish: () => void
}

/** Creates the opener of one answer; a part is released only after its chunks' tags passed. */
export function createAnswerOpener({
  replyKeyPair,
  primitives = webPrimitives,
  ...binding
}: AnswerBinding & { replyKeyPair: ReplyKeyPair; primitives?: Primitives | undefined }): AnswerOpener {
  const reader = createAnswerPartReader()
  let stream: Promise<OpenStream> | undefined
  let lastRelease: Promise<unknown> = Promise.resolve()
  let chunks = 0
  let isComplete = false

  const release = ({ bytes, last }: OpenedChunk): AnswerPart[] => {
    if (isComplete) throw answerInvalid()
    const parts = reader.push(bytes)
    if (last && reader.pendingBytes !== 0) throw answerInvalid()
    isComplete = last
    return parts.filter((part) => part.kind !== 'padding')
  }
  return {
    async push(frame, isLikelyLast = false) {
      if (stream === undefined) {
        stream = openHeader({ frame, replyKeyPair, binding, primitives })
        lastRelease = stream
        await stream
        return []
      }
      const chunk = openChunk({ stream, index: chunks++, frame: new Uint8Array(frame), isLikelyLast })
      const turn = Promise.all([chunk, lastRelease])
      const released = turn.then(([opened]) => release(opened))
      lastRelease = released
      return released
    },
    get isComplete() {
      return isComplete
    },
    finish() {
      if (!isComplete) throw answerInvalid()
    },
  }
}

type OpenStream = { header: Uint8Array; chunkBytes: number; keys: StreamKeys }
type OpenedChunk = { bytes: Uint8Array; last: boolean }

async function openHeader({
  frame,
  replyKeyPair,
  binding,
  primitives,
}: {
  frame: Uint8Array
  replyKeyPair: ReplyKeyPair
  binding: AnswerBinding
  primitives: Primitives
}): Promise<OpenStream> {
  const header = new Uint8Array(frame)
  const { enc, chunkBytes } = decodeAnswerHeader(header)
  if (!isUncompressed(enc)) throw answerInvalid()
  const context = await primitives.suite
    .SetupRecipient(replyKeyPair.keyPair, enc, { info: infoOf(binding) })
    .catch((cause: unknown) => {
      throw answerInvalid(cause)
    })
  return { header, chunkBytes, keys: await deriveKeys(context, primitives) }
}

/** The final flag is part of the nonce, so a chunk opens under one of two nonces; truncation leaves neither final. */
async function openChunk({
  stream,
  index,
  frame,
  isLikelyLast,
}: {
  stream: Promise<OpenStream>
  index: number
  frame: Uint8Array<ArrayBuffer>
  isLikelyLast: boolean
}): Promise<OpenedChunk> {
  const { header, chunkBytes, keys } = await stream
  if (frame.length < tagBytes || frame.length > chunkBytes + tagBytes) throw answerInvalid()
  for (const last of [isLikelyLast, !isLikelyLast]) {
    const nonce = nonceOf(keys.prefix, index, last)
    try {
      return { bytes: await keys.cipher.open({ nonce, aad: header, bytes: frame }), last }
    } catch (cause) {
      if (last !== isLikelyLast) throw answerInvalid(cause)
    }
  }
  throw answerInvalid()
}

async function deriveKeys(context: ExportContext, primitives: Primitives): Promise<StreamKeys> {
  const [raw, prefix] = await Promise.all([
    context.Export(utf8('enigma/answer/key'), 32),
    context.Export(utf8('enigma/answer/nonce'), 7),
  ])
  return { cipher: await primitives.createCipher(raw), prefix }
}

function infoOf({ requestHash, signer }: AnswerBinding): Uint8Array {
  return concatBytes(utf8('enigma/answer/v1'), hexToBytes(requestHash), hexToBytes(signer))
}

function nonceOf(prefix: Uint8Array, index: number, last: boolean): Uint8Array<ArrayBuffer> {
  if (index > 0xffff_ffff) throw new RangeError('an answer has at most 2^32 chunks')
  const nonce = new Uint8Array(12)
  nonce.set(prefix)
  new DataView(nonce.buffer).setUint32(7, index)
  nonce[11] = last ? 1 : 0
  return nonce
}

function splitChunks(bytes: Uint8Array<ArrayBuffer>, chunkBytes: number): Uint8Array<ArrayBuffer>[] {
  const count = Math.max(1, Math.ceil(bytes.length / chunkBytes))
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * chunkBytes, (at + 1) * chunkBytes))
}

/** A padding part that brings the whole answer to a Padmé size. */
function paddingPart(bytes: number): Uint8Array {
  const zeros = padmeLength(bytes + paddingOverhead) - bytes - paddingOverhead
  return encodeAnswerPart({ kind: 'padding', zeros: new Uint8Array(zeros) })
}

function answerInvalid(cause?: unknown): MarketplaceError {
  return new MarketplaceError({
    code: 'answer-invalid',
    message: 'The answer was changed or cut on its way; ask again by another relay.',
    cause,
  })
}
