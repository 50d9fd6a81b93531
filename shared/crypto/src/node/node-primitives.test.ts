/** The primitives of Node.js against the vectors of WebCrypto's, and against WebCrypto's themselves. */
import { type AnswerPart, encodeSealedQuery, type Hex, utf8 } from '@enigma/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import rfc9180 from '../../vectors/rfc9180-p256-sha256-aes256gcm.json' with { type: 'json' }
import aesGcm from '../../vectors/wycheproof-aes256gcm.json' with { type: 'json' }
import ecdhPoint from '../../vectors/wycheproof-ecdh-p256-ecpoint.json' with { type: 'json' }
import { createAnswerOpener, createAnswerSealer } from '../answer-stream.ts'
import { fromBareHex, toBareHex } from '../fixtures/bare-hex.ts'
import { createReplyKeyPair, importPublicKey, keyIdOf, openQuery, sealQuery } from '../hpke.ts'
import { type Primitives, webPrimitives } from '../primitives.ts'
import { nodePrimitives } from './node-primitives.ts'

const { suite } = nodePrimitives
const both: [string, Primitives, Primitives][] = [
  ['Node opens what WebCrypto seals', webPrimitives, nodePrimitives],
  ['WebCrypto opens what Node seals', nodePrimitives, webPrimitives],
  ['Node opens what Node seals', nodePrimitives, nodePrimitives],
]
const requestHash: Hex = `0x${'11'.repeat(32)}`
const signer: Hex = `0x${'22'.repeat(20)}`

test('RFC 9180 base mode, 0x0010 0x0001 0x0002: opens and exports as the vectors', async () => {
  expect([suite.KEM.id, suite.KDF.id, suite.AEAD.id]).toEqual([rfc9180.kem_id, rfc9180.kdf_id, rfc9180.aead_id])
  const privateKey = await suite.DeserializePrivateKey(fromBareHex(rfc9180.skRm))
  const publicKey = await suite.DeserializePublicKey(fromBareHex(rfc9180.pkRm))
  const info = fromBareHex(rfc9180.info)
  for (const key of [privateKey, { privateKey, publicKey }]) {
    const context = await suite.SetupRecipient(key, fromBareHex(rfc9180.enc), { info })
    const [first] = rfc9180.encryptions
    expect(toBareHex(await context.Open(fromBareHex(first!.ciphertext), fromBareHex(first!.aad)))).toBe(
      first!.plaintext,
    )
    for (const { exporter_context, L, exported_value } of rfc9180.exports) {
      expect(toBareHex(await context.Export(fromBareHex(exporter_context), L))).toBe(exported_value)
    }
  }
})

test('Wycheproof: AES-256-GCM seals and opens', async () => {
  const vectors = aesGcm.tests.filter(({ iv, tag }) => iv.length === 24 && tag.length === 32)
  expect(vectors.length).toBeGreaterThan(30)
  for (const { tcId, key, iv, aad, msg, ct, tag, result } of vectors) {
    const cipher = await nodePrimitives.createCipher(fromBareHex(key))
    const parameters = { nonce: fromBareHex(iv), aad: fromBareHex(aad) }
    const sealed = toBareHex(await cipher.seal({ ...parameters, bytes: fromBareHex(msg) }))
    const opened = await cipher.open({ ...parameters, bytes: fromBareHex(ct + tag) }).then(toBareHex, () => undefined)
    expect([tcId, sealed === ct + tag, opened]).toEqual([
      tcId,
      result === 'valid',
      result === 'valid' ? msg : undefined,
    ])
  }
})

test('Wycheproof: points that are none are refused, others give the secret of the vector', async () => {
  for (const { tcId, public: point, private: scalar, shared, result } of ecdhPoint.tests) {
    const bytes = fromBareHex(point)
    const refused = await nodePrimitives.importPoint(bytes).then(
      () => false,
      () => true,
    )
    expect([tcId, refused]).toEqual([tcId, result !== 'valid'])
    if (result !== 'valid' || scalar.length > 64 || shared === '') continue
    // The secret stays inside: what it derives is what WebCrypto derives, which meets these vectors itself.
    const derived = [nodePrimitives, webPrimitives].map(async (primitives) => {
      const key = await primitives.suite.DeserializePrivateKey(fromBareHex(scalar.padStart(64, '0')))
      return (await primitives.suite.SetupRecipient(key, bytes)).Export(utf8('test'), 32)
    })
    expect(await derived[0]).toEqual(await derived[1])
  }
})

test.each([
  ['WebCrypto', webPrimitives],
  ['Node', nodePrimitives],
])('%s takes no point in another encoding than the uncompressed one', async (_, primitives) => {
  const { keyPair, publicKeyHex } = await createReplyKeyPair(primitives)
  const hybridOf = (point: Uint8Array) => point.with(0, 6 + (point[64]! & 1))
  const hybrid: Hex = `0x${toBareHex(hybridOf(fromBareHex(publicKeyHex.slice(2))))}`
  await expect(importPublicKey(hybrid, 'node-record-invalid', primitives)).rejects.toMatchObject({
    code: 'node-record-invalid',
  })
  const keyId = await keyIdOf(publicKeyHex)
  // Sealed to what a sender would have derived from the hybrid encoding itself.
  const { encapsulatedSecret, ctx } = await primitives.suite.SetupSender(keyPair.publicKey, { info: utf8('x') })
  const header = { v: 1, suite: 1, keyId, enc: hybridOf(encapsulatedSecret) } as const
  const sealed = encodeSealedQuery({ ...header, ciphertext: await ctx.Seal(new Uint8Array(8), new Uint8Array(0)) })
  const refused = await openQuery({ sealed, keyPairOf: () => keyPair, primitives }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'unreadable' })
  // Refused for its form, before it was tried.
  expect((refused as Error).cause).toBeUndefined()
})

test('seals never repeat an encapsulation', async () => {
  const { keyPair } = await nodePrimitives.createKeyPair()
  const setUps = await Promise.all(Array.from({ length: 20 }, () => suite.SetupSender(keyPair.publicKey)))
  expect(new Set(setUps.map(({ encapsulatedSecret }) => toBareHex(encapsulatedSecret))).size).toBe(20)
})

test('keys of the other environment are refused', async () => {
  const { keyPair } = await webPrimitives.createKeyPair()
  const { encapsulatedSecret } = await webPrimitives.suite.SetupSender(keyPair.publicKey)
  await expect(suite.SetupRecipient(keyPair, encapsulatedSecret)).rejects.toThrow('Decapsulation failed')
})

describe.each(both)('%s', (_, sealing, opening) => {
  test('queries', async () => {
    const { keyPair, publicKeyHex: queryKey } = await createReplyKeyPair(opening)
    const keyId = await keyIdOf(queryKey)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 30_000 }), async (signedQuery) => {
        const sealed = await sealQuery({ signedQuery, queryKey, keyId, primitives: sealing })
        const opened = await openQuery({ sealed: sealed.sealed, keyPairOf: () => keyPair, primitives: opening })
        expect(opened).toEqual({ signedQuery, requestHash: sealed.requestHash })
      }),
      { numRuns: 20 },
    )
  })

  test.each([0, 100, 16 * 1024, 300_000])(
    'answers with a batch of %i bytes, and nothing after any change',
    async (length) => {
      const replyKeyPair = await createReplyKeyPair(opening)
      const replyKey = replyKeyPair.publicKeyHex
      const sealer = await createAnswerSealer({ replyKey, requestHash, signer, primitives: sealing })
      const batch: AnswerPart = { kind: 'batch', rows: 1, inflatedBytes: 3, arrow: new Uint8Array(length).fill(7) }
      const last: AnswerPart = { kind: 'refusal', code: 'too-slow', message: 'Ask for less.' }
      const frames = [sealer.header, ...(await sealer.sealPart(batch)), ...(await sealer.sealLast(last))]
      const open = async (sent: readonly Uint8Array[], hint: boolean) => {
        const opener = createAnswerOpener({ replyKeyPair, requestHash, signer, primitives: opening })
        const parts = (await Promise.all(sent.map((frame) => opener.push(frame, hint)))).flat()
        opener.finish()
        return parts
      }
      for (const hint of [false, true]) {
        expect(await open(frames, hint)).toEqual([batch, last])
        for (const at of frames.keys()) {
          const changed = frames.with(at, frames[at]!.with(40, frames[at]![40]! ^ 1))
          await expect(open(changed, hint)).rejects.toMatchObject({ code: 'answer-invalid' })
        }
        await expect(open(frames.slice(0, -1), hint)).rejects.toMatchObject({ code: 'answer-invalid' })
      }
    },
  )
})

test('SHA-256 is SHA-256', async () => {
  for (const bytes of [new Uint8Array(0), utf8('abc'), new Uint8Array(100_000).fill(3)]) {
    expect(await nodePrimitives.sha256(bytes)).toEqual(await webPrimitives.sha256(bytes))
  }
})
