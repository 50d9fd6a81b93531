import { AeadId, Aes256Gcm, CipherSuite as OracleSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import {
  decodeAnswerHeader,
  decodeSealedQuery,
  encodeAnswerPart,
  encodeCbor,
  encodeSealedQuery,
  type AnswerPart,
  type Hex,
  limits,
  type SealedQuery,
  suiteP256,
  uint32be,
  utf8,
} from '@enigma/protocol'
import fc from 'fast-check'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import rfc9180 from '../vectors/rfc9180-p256-sha256-aes256gcm.json' with { type: 'json' }
import { createAnswerSealer } from './answer-stream.ts'
import { fromBareHex, toBareHex } from './fixtures/bare-hex.ts'
import { createQueryKeyPair, createReplyKeyPair, type HpkeKeyPair, openQuery, sealQuery } from './hpke.ts'
import { padmeLength } from './padme.ts'
import { webPrimitives } from './primitives.ts'

const { suite } = webPrimitives

const oracle = new OracleSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
const info = utf8('enigma/sealed-query/v1')

describe('RFC 9180 base mode, 0x0010 0x0001 0x0002', () => {
  test('is the suite that both implementations name', () => {
    expect([suite.KEM.id, suite.KDF.id, suite.AEAD.id]).toEqual([rfc9180.kem_id, rfc9180.kdf_id, rfc9180.aead_id])
    expect(oracle.aead.id).toBe(AeadId.Aes256Gcm)
  })

  test('derives the key pairs of the vectors', async () => {
    const receiver = await suite.DeriveKeyPair(fromBareHex(rfc9180.ikmR), true)
    expect(toBareHex(await suite.SerializePublicKey(receiver.publicKey))).toBe(rfc9180.pkRm)
    expect(toBareHex(await suite.SerializePrivateKey(receiver.privateKey))).toBe(rfc9180.skRm)
    const ephemeral = await suite.DeriveKeyPair(fromBareHex(rfc9180.ikmE), true)
    expect(toBareHex(await suite.SerializePublicKey(ephemeral.publicKey))).toBe(rfc9180.enc)
  })

  test('opens and exports as the vectors; the oracle seals them', async () => {
    const keyPair = await suite.DeriveKeyPair(fromBareHex(rfc9180.ikmR), false)
    const context = await suite.SetupRecipient(keyPair, fromBareHex(rfc9180.enc), { info: fromBareHex(rfc9180.info) })
    const sender = await oracle.createSenderContext({
      recipientPublicKey: await oracle.kem.deserializePublicKey(fromBareHex(rfc9180.pkRm)),
      info: fromBareHex(rfc9180.info),
      ekm: await oracle.kem.deriveKeyPair(fromBareHex(rfc9180.ikmE)),
    })
    expect(toBareHex(sender.enc)).toBe(rfc9180.enc)
    const bySeq = new Map(rfc9180.encryptions.map((one) => [one.seq, one]))
    const [{ plaintext } = { plaintext: '' }] = rfc9180.encryptions
    for (let seq = 0; seq <= 256; seq++) {
      const aad = utf8(`Count-${seq}`)
      const sealed = new Uint8Array(await sender.seal(fromBareHex(plaintext), aad))
      const vector = bySeq.get(seq)
      if (vector !== undefined) expect([vector.aad, vector.ciphertext]).toEqual([toBareHex(aad), toBareHex(sealed)])
      expect(toBareHex(await context.Open(sealed, aad))).toBe(plaintext)
    }
    expect(bySeq.size).toBe(7)
    for (const { exporter_context, L, exported_value } of rfc9180.exports) {
      expect(toBareHex(await context.Export(fromBareHex(exporter_context), L))).toBe(exported_value)
    }
  })
})

describe('two implementations agree', () => {
  const messages = fc.uint8Array({ maxLength: 3000 })

  test('@hpke/core opens what sealQuery seals', async () => {
    const keys = await createQueryKeyPair({ extractable: true })
    await fc.assert(
      fc.asyncProperty(messages, async (signedQuery) => {
        const { sealed } = await sealQuery({ signedQuery, queryKey: keys.publicKeyHex, keyId: keys.keyId })
        const { ciphertext, ...header } = decodeSealedQuery(sealed)
        const context = await oracle.createRecipientContext({ recipientKey: keys.keyPair, enc: header.enc, info })
        const plain = new Uint8Array(await context.open(ciphertext, encodeCbor(header)))
        expect(plain.length).toBe(padmeLength(4 + signedQuery.length))
        expect(plain.subarray(0, 4)).toEqual(uint32be(signedQuery.length))
        expect(plain.subarray(4, 4 + signedQuery.length)).toEqual(signedQuery)
      }),
      { numRuns: 50 },
    )
  })

  test('openQuery opens what @hpke/core seals', async () => {
    const keys = await createQueryKeyPair()
    await fc.assert(
      fc.asyncProperty(messages, async (signedQuery) => {
        const sealed = await sealByOracle(keys, padded(signedQuery))
        const opened = await openQuery({ sealed, keyPairOf: () => keys.keyPair })
        expect(opened.signedQuery).toEqual(signedQuery)
      }),
      { numRuns: 50 },
    )
  })

  test('a stream written by hand over @hpke/core exports is what createAnswerSealer writes', async () => {
    const replyKeyPair = await createQueryKeyPair()
    const requestHash: Hex = `0x${'11'.repeat(32)}`
    const signer: Hex = `0x${'22'.repeat(20)}`
    const sealer = await createAnswerSealer({
      replyKey: replyKeyPair.publicKeyHex,
      requestHash,
      signer,
      chunkBytes: 100,
    })
    const part: AnswerPart = { kind: 'batch', rows: 1, inflatedBytes: 250, arrow: new Uint8Array(250).fill(5) }
    const last: AnswerPart = { kind: 'refusal', code: 'too-slow', message: 'Ask for less.' }
    const frames = [...(await sealer.sealPart(part)), ...(await sealer.sealLast(last))]

    const context = await oracle.createRecipientContext({
      recipientKey: replyKeyPair.keyPair,
      enc: decodeAnswerHeader(sealer.header).enc,
      info: Uint8Array.from([...utf8('enigma/answer/v1'), ...hexToBytes(requestHash), ...hexToBytes(signer)]),
    })
    const key = await crypto.subtle.importKey(
      'raw',
      await context.export(utf8('enigma/answer/key'), 32),
      'AES-GCM',
      false,
      ['decrypt'],
    )
    const prefix = new Uint8Array(await context.export(utf8('enigma/answer/nonce'), 7))
    const opened: number[] = []
    for (const [index, frame] of frames.entries()) {
      const iv = Uint8Array.from([...prefix, ...uint32be(index), index === frames.length - 1 ? 1 : 0])
      const algorithm = { name: 'AES-GCM', iv, additionalData: new Uint8Array(sealer.header) }
      opened.push(...new Uint8Array(await crypto.subtle.decrypt(algorithm, key, new Uint8Array(frame))))
    }
    const hex = toBareHex(Uint8Array.from(opened))
    expect(hex.startsWith(toBareHex(encodeAnswerPart(part)))).toBe(true)
    expect(hex.endsWith(toBareHex(encodeAnswerPart(last)))).toBe(true)
  })
})

describe('sealed queries', () => {
  const signedQuery = utf8('a signed query, opaque here')

  async function scene() {
    const keys = await createQueryKeyPair()
    const { sealed, requestHash } = await sealQuery({ signedQuery, queryKey: keys.publicKeyHex, keyId: keys.keyId })
    return {
      keys,
      sealed,
      requestHash,
      open: (bytes: Uint8Array) => openQuery({ sealed: bytes, keyPairOf: () => keys.keyPair }),
    }
  }

  test('have one size for every small query', async () => {
    const { keys } = await scene()
    const sizes = await Promise.all(
      [0, 1, 500, 1020].map(async (length) => {
        const parameters = { signedQuery: new Uint8Array(length), queryKey: keys.publicKeyHex, keyId: keys.keyId }
        return (await sealQuery(parameters)).sealed.length
      }),
    )
    expect(new Set(sizes).size).toBe(1)
  })

  test('never repeat an encapsulation', async () => {
    const { keys } = await scene()
    const seal = () => sealQuery({ signedQuery, queryKey: keys.publicKeyHex, keyId: keys.keyId })
    const sealed = await Promise.all(Array.from({ length: 20 }, seal))
    expect(new Set(sealed.map((one) => toBareHex(decodeSealedQuery(one.sealed).enc))).size).toBe(20)
  })

  test('are refused after any change of any bit', async () => {
    const { sealed, open } = await scene()
    await expect(open(sealed)).resolves.toMatchObject({ signedQuery })
    for (let at = 0; at < sealed.length; at++) {
      const tampered = sealed.with(at, sealed[at]! ^ (1 << (at % 8)))
      await expect(open(tampered)).rejects.toMatchObject({ code: 'unreadable' })
    }
  })

  test('are refused when cut or lengthened', async () => {
    const { sealed, open } = await scene()
    for (let length = 0; length < sealed.length; length += 37) {
      await expect(open(sealed.subarray(0, length))).rejects.toMatchObject({ code: 'unreadable' })
    }
    await expect(open(Uint8Array.from([...sealed, 0]))).rejects.toMatchObject({ code: 'unreadable' })
  })

  test('are refused with any field of another sealing, though both are whole', async () => {
    const { keys, sealed, open } = await scene()
    const other = await sealQuery({ signedQuery: utf8('another'), queryKey: keys.publicKeyHex, keyId: keys.keyId })
    const [mine, theirs] = [decodeSealedQuery(sealed), decodeSealedQuery(other.sealed)]
    const swaps: Record<Exclude<keyof SealedQuery, 'v' | 'suite'>, Partial<SealedQuery>> = {
      keyId: { keyId: '0x0102030405060708' },
      enc: { enc: theirs.enc },
      ciphertext: { ciphertext: theirs.ciphertext },
    }
    for (const swap of Object.values(swaps)) {
      await expect(open(encodeSealedQuery({ ...mine, ...swap }))).rejects.toMatchObject({ code: 'unreadable' })
    }
  })

  test('are refused with another suite or version, by an unknown key id, by a key that is no point', async () => {
    const { keys, sealed, open } = await scene()
    const mine = decodeSealedQuery(sealed)
    for (const swap of [{ v: 2 }, { suite: 2 }]) {
      await expect(open(encodeCbor({ ...mine, ...swap }))).rejects.toMatchObject({ code: 'unreadable' })
    }
    await expect(openQuery({ sealed, keyPairOf: () => undefined })).rejects.toMatchObject({ code: 'unreadable' })
    for (const enc of [new Uint8Array(65), mine.enc.subarray(0, 33), mine.enc.with(64, mine.enc[64]! ^ 1)]) {
      await expect(open(encodeSealedQuery({ ...mine, enc }))).rejects.toMatchObject({ code: 'unreadable' })
    }
    const queryKey = bytesToHex(new Uint8Array(65).fill(4))
    await expect(sealQuery({ signedQuery, queryKey, keyId: keys.keyId })).rejects.toMatchObject({
      code: 'node-record-invalid',
    })
  })

  test('whose plaintext lies about its length or hides bytes in its padding are refused', async () => {
    const { keys, open } = await scene()
    const lies = [
      new Uint8Array(3),
      Uint8Array.from([0xff, 0xff, 0xff, 0xff]),
      Uint8Array.from([0, 0, 0, 9, 1]),
      Uint8Array.from([0, 0, 0, 1, 1, 0, 7]),
    ]
    for (const lie of lies) {
      await expect(open(await sealByOracle(keys, lie))).rejects.toMatchObject({ code: 'unreadable' })
    }
  })

  test('over the limit are not sealed', async () => {
    const { keys } = await scene()
    const tooLong = {
      signedQuery: new Uint8Array(limits.queryBytes + 1),
      queryKey: keys.publicKeyHex,
      keyId: keys.keyId,
    }
    await expect(sealQuery(tooLong)).rejects.toMatchObject({ code: 'too-large' })
    const longest = await sealQuery({ ...tooLong, signedQuery: new Uint8Array(limits.queryBytes).fill(1) })
    await expect(openQuery({ sealed: longest.sealed, keyPairOf: () => keys.keyPair })).resolves.toBeDefined()
  })
})

test('keys are not extractable unless a daemon asks', async () => {
  const { keyPair } = await createReplyKeyPair()
  await expect(crypto.subtle.exportKey('pkcs8', keyPair.privateKey as CryptoKey)).rejects.toThrow(DOMException)
  const stored = await createQueryKeyPair({ extractable: true })
  await expect(crypto.subtle.exportKey('pkcs8', stored.keyPair.privateKey)).resolves.toBeInstanceOf(ArrayBuffer)
})

function padded(signedQuery: Uint8Array): Uint8Array {
  const plaintext = new Uint8Array(padmeLength(4 + signedQuery.length))
  plaintext.set(uint32be(signedQuery.length))
  plaintext.set(signedQuery, 4)
  return plaintext
}

async function sealByOracle(keys: HpkeKeyPair<CryptoKeyPair>, plaintext: Uint8Array): Promise<Uint8Array> {
  const sender = await oracle.createSenderContext({ recipientPublicKey: keys.keyPair.publicKey, info })
  const header = { v: 1, suite: suiteP256, keyId: keys.keyId, enc: new Uint8Array(sender.enc) } as const
  return encodeSealedQuery({ ...header, ciphertext: new Uint8Array(await sender.seal(plaintext, encodeCbor(header))) })
}
