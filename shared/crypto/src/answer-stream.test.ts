import type { AnswerPart, Hex } from '@enigma/protocol'
import { describe, expect, test } from 'vitest'
import { createAnswerOpener, createAnswerSealer } from './answer-stream.ts'
import { createQueryKeyPair, createReplyKeyPair, openQuery, sealQuery } from './hpke.ts'
import { padmeLength } from './padme.ts'

const requestHash: Hex = `0x${'11'.repeat(32)}`
const signer: Hex = `0x${'22'.repeat(20)}`
const refusal: AnswerPart = { kind: 'refusal', code: 'no-subscription', message: 'Subscribe first.' }

function batch(bytes: number): AnswerPart {
  return {
    kind: 'batch',
    rows: 1,
    inflatedBytes: bytes,
    arrow: Uint8Array.from({ length: bytes }, (_, at) => at % 251),
  }
}

async function sealed(parts: AnswerPart[], chunkBytes = 1024) {
  const replyKeyPair = await createReplyKeyPair()
  const sealer = await createAnswerSealer({ replyKey: replyKeyPair.publicKeyHex, requestHash, signer, chunkBytes })
  const frames = [sealer.header]
  for (const part of parts) frames.push(...(await sealer.sealPart(part)))
  frames.push(...(await sealer.sealLast(refusal)))
  return { replyKeyPair, frames }
}

async function open(
  replyKeyPair: Awaited<ReturnType<typeof createReplyKeyPair>>,
  frames: Uint8Array[],
  hash = requestHash,
) {
  const opener = createAnswerOpener({ replyKeyPair, requestHash: hash, signer })
  const parts: AnswerPart[] = []
  for (const frame of frames) parts.push(...(await opener.push(frame)))
  opener.finish()
  return parts
}

describe('sealed answers', () => {
  test('give back their parts, without padding, whatever their sizes', async () => {
    const parts = [batch(10), batch(5000), batch(1024)]
    const { replyKeyPair, frames } = await sealed(parts)
    expect(await open(replyKeyPair, frames)).toEqual([...parts, refusal])
  })

  test('have a Padmé size', async () => {
    const { frames } = await sealed([batch(50_000)])
    const bytes = frames.slice(1).reduce((sum, frame) => sum + frame.length - 16, 0)
    expect(Math.abs(padmeLength(bytes) - bytes)).toBeLessThan(64)
  })

  const attacks: Record<string, (frames: Uint8Array[]) => Uint8Array[]> = {
    'cut by one': (frames) => frames.slice(0, -1),
    'cut to the header': (frames) => frames.slice(0, 1),
    reordered: ([header, a, b, ...rest]) => [header!, b!, a!, ...rest],
    'with a frame twice': ([header, a, ...rest]) => [header!, a!, a!, ...rest],
    'with a frame missing': ([header, , ...rest]) => [header!, ...rest],
    'with a frame behind the end': (frames) => [...frames, frames[1]!],
    'with an empty frame': ([header, ...rest]) => [header!, new Uint8Array(0), ...rest],
    'without a header': ([, ...rest]) => rest,
  }
  test.each(Object.entries(attacks))('are refused %s', async (_name, attack) => {
    const { replyKeyPair, frames } = await sealed([batch(3000)])
    await expect(open(replyKeyPair, attack(frames))).rejects.toMatchObject({ code: 'answer-invalid' })
  })

  test('are refused for another question', async () => {
    const { replyKeyPair, frames } = await sealed([batch(10)])
    await expect(open(replyKeyPair, frames, `0x${'33'.repeat(32)}`)).rejects.toMatchObject({ code: 'answer-invalid' })
  })

  test('are refused after any flipped bit', async () => {
    const { replyKeyPair, frames } = await sealed([batch(700)])
    for (const [at, frame] of frames.entries()) {
      for (let byte = 0; byte < frame.length; byte += Math.ceil(frame.length / 40)) {
        const tampered = frame.slice()
        tampered[byte]! ^= 1 << (byte % 8)
        await expect(open(replyKeyPair, frames.with(at, tampered))).rejects.toMatchObject({ code: 'answer-invalid' })
      }
    }
  })
})

describe('sealed queries', () => {
  test('open to the node alone, and hash as they were signed', async () => {
    const { keyPair, publicKeyHex, keyId } = await createQueryKeyPair()
    const signedQuery = new TextEncoder().encode('not yet decoded')
    const { sealed: bytes, requestHash: hash } = await sealQuery({ signedQuery, queryKey: publicKeyHex, keyId })
    expect(await openQuery({ sealed: bytes, keyPairOf: () => keyPair })).toEqual({ signedQuery, requestHash: hash })
    const stranger = await createQueryKeyPair()
    await expect(openQuery({ sealed: bytes, keyPairOf: () => stranger.keyPair })).rejects.toMatchObject({
      code: 'unreadable',
    })
  })
})
