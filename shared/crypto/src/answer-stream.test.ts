import {
  type AnswerHeader,
  type AnswerPart,
  decodeAnswerHeader,
  encodeAnswerHeader,
  encodeCbor,
  type Hex,
  limits,
} from '@enigma/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAnswerOpener, createAnswerSealer } from './answer-stream.ts'
import { createReplyKeyPair } from './hpke.ts'
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

  test('are refused with any other header, even one that decodes', async () => {
    const { replyKeyPair, frames } = await sealed([batch(10)])
    const [header, ...rest] = frames
    const fields = decodeAnswerHeader(header!)
    const { header: other } = await createAnswerSealer({ replyKey: replyKeyPair.publicKeyHex, requestHash, signer })
    const changes: Record<Exclude<keyof AnswerHeader, 'v' | 'suite'>, AnswerHeader> = {
      chunkBytes: { ...fields, chunkBytes: fields.chunkBytes + 1 },
      enc: { ...fields, enc: decodeAnswerHeader(other).enc },
    }
    const encoded = Object.values(changes).map(encodeAnswerHeader)
    const versions = [{ v: 2 }, { suite: 2 }].map((change) => encodeCbor({ ...fields, ...change }))
    for (const changed of [...encoded, ...versions]) {
      await expect(open(replyKeyPair, [changed, ...rest])).rejects.toMatchObject({ code: 'answer-invalid' })
    }
  })

  test('are refused of another signer, by another key', async () => {
    const { replyKeyPair, frames } = await sealed([batch(10)])
    for (const opener of [
      createAnswerOpener({ replyKeyPair, requestHash, signer: `0x${'23'.repeat(20)}` }),
      createAnswerOpener({ replyKeyPair: await createReplyKeyPair(), requestHash, signer }),
    ]) {
      await opener.push(frames[0]!)
      await expect(opener.push(frames[1]!)).rejects.toMatchObject({ code: 'answer-invalid' })
    }
  })

  test('of any parts and any chunk size come back, with every frame in flight at once', async () => {
    const parts = fc.array(fc.integer({ min: 0, max: 4000 }).map(batch), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 16, max: 5000 }), async (sent, chunkBytes) => {
        const { replyKeyPair, frames } = await sealed(sent, chunkBytes)
        const opener = createAnswerOpener({ replyKeyPair, requestHash, signer })
        const opened = await Promise.all(frames.map((frame) => opener.push(frame)))
        opener.finish()
        expect(opened.flat()).toEqual([...sent, refusal])
        expect(frames.slice(1).every((frame) => frame.length <= chunkBytes + 16)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('with any two frames swapped, any dropped or any repeated are refused', async () => {
    const { replyKeyPair, frames } = await sealed([batch(3000), batch(10)])
    for (let at = 0; at < frames.length; at++) {
      const [dropped, repeated] = [frames.toSpliced(at, 1), frames.toSpliced(at, 0, frames[at]!)]
      await expect(open(replyKeyPair, dropped)).rejects.toMatchObject({ code: 'answer-invalid' })
      await expect(open(replyKeyPair, repeated)).rejects.toMatchObject({ code: 'answer-invalid' })
      for (let other = 0; other < at; other++) {
        const swapped = frames.with(at, frames[other]!).with(other, frames[at]!)
        await expect(open(replyKeyPair, swapped)).rejects.toMatchObject({ code: 'answer-invalid' })
      }
    }
  })

  test('fail for good: nothing is released behind a bad frame', async () => {
    const { replyKeyPair, frames } = await sealed([batch(10), batch(20)])
    const opener = createAnswerOpener({ replyKeyPair, requestHash, signer })
    await opener.push(frames[0]!)
    await expect(opener.push(new Uint8Array(40))).rejects.toMatchObject({ code: 'answer-invalid' })
    for (const frame of frames.slice(1)) {
      await expect(opener.push(frame)).rejects.toMatchObject({ code: 'answer-invalid' })
    }
    expect(opener.isComplete).toBe(false)
    expect(() => opener.finish()).toThrow(expect.objectContaining({ code: 'answer-invalid' }))
  })

  test('release the parts before a cut, and never call them complete', async () => {
    const { replyKeyPair, frames } = await sealed([batch(10), batch(20)])
    const opener = createAnswerOpener({ replyKeyPair, requestHash, signer })
    const parts: AnswerPart[] = []
    for (const frame of frames.slice(0, -1)) parts.push(...(await opener.push(frame)))
    expect(parts).toEqual([batch(10), batch(20)])
    expect(opener.isComplete).toBe(false)
    expect(() => opener.finish()).toThrow(expect.objectContaining({ code: 'answer-invalid' }))
  })

  test('end with their last part, and take sane chunks only', async () => {
    const replyKey = (await createReplyKeyPair()).publicKeyHex
    const sealer = await createAnswerSealer({ replyKey, requestHash, signer })
    await sealer.sealLast(refusal)
    expect(() => sealer.sealPart(refusal)).toThrow(TypeError)
    for (const chunkBytes of [0, -1, 1.5, Number.NaN, limits.largeChunkBytes + 1]) {
      await expect(createAnswerSealer({ replyKey, requestHash, signer, chunkBytes })).rejects.toThrow(RangeError)
    }
    const noPoint: Hex = `0x04${'11'.repeat(64)}`
    await expect(createAnswerSealer({ replyKey: noPoint, requestHash, signer })).rejects.toMatchObject({
      code: 'unreadable',
    })
  })
})
