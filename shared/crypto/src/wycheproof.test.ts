/** Project Wycheproof's vectors of every primitive that we rest on, through our functions where there is one. */
import { publicKeyToAddress } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import type { Hex } from '@enigma/protocol'
import aesGcm from '../vectors/wycheproof-aes256gcm.json' with { type: 'json' }
import ecdhPoint from '../vectors/wycheproof-ecdh-p256-ecpoint.json' with { type: 'json' }
import ecdhWebcrypto from '../vectors/wycheproof-ecdh-p256-webcrypto.json' with { type: 'json' }
import ecdsaP256 from '../vectors/wycheproof-ecdsa-p256-sha256-p1363.json' with { type: 'json' }
import ecdsaK256 from '../vectors/wycheproof-ecdsa-secp256k1-sha256-p1363.json' with { type: 'json' }
import { fromBareHex, toBareHex } from './fixtures/bare-hex.ts'
import { sha256Hex } from './hash.ts'
import { importPublicKey } from './hpke.ts'
import { verifyP256 } from './p256.ts'
import { recoverSigner } from './recover-signer.ts'

const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const
const hex = (text: string): Hex => `0x${text}`
const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** What a check gave for each vector that it should not have, by number and comment. */
async function surprises<Vector extends { tcId: number; comment: string }>(
  vectors: readonly Vector[],
  expected: (vector: Vector) => unknown,
  actual: (vector: Vector) => Promise<unknown>,
) {
  const seen: string[] = []
  for (const vector of vectors) {
    const got = await actual(vector)
    if (got !== expected(vector)) seen.push(`${vector.tcId} ${vector.comment}: ${String(got)}`)
  }
  return seen
}

test('ECDSA P-256: verifyP256', async () => {
  expect(ecdsaP256.tests).toHaveLength(262)
  const verify = ({ publicKey, msg, sig }: (typeof ecdsaP256.tests)[number]) =>
    verifyP256({ publicKey: hex(publicKey), message: fromBareHex(msg), signature: hex(sig) })
  expect(await surprises(ecdsaP256.tests, ({ result }) => result === 'valid', verify)).toEqual([])
})

test('ECDSA secp256k1: recoverSigner finds the signer of valid low-s signatures alone', async () => {
  expect(ecdsaK256.tests).toHaveLength(252)
  const isLow = (sig: string) => sig.length === 128 && BigInt(hex(sig.slice(64))) <= halfOrder
  const recovers = async ({ publicKey, msg, sig }: (typeof ecdsaK256.tests)[number]) => {
    const digest = await sha256Hex(fromBareHex(msg))
    const signer = publicKeyToAddress(hex(publicKey)).toLowerCase()
    const found = await Promise.all(['1b', '1c'].map((v) => recoverSigner(digest, hex(sig + v))))
    return found.some((one) => one === signer)
  }
  const expected = ({ result, sig }: (typeof ecdsaK256.tests)[number]) => result === 'valid' && isLow(sig)
  expect(await surprises(ecdsaK256.tests, expected, recovers)).toEqual([])
  expect(ecdsaK256.tests.filter(expected).length).toBeGreaterThan(50)
})

test('AES-256-GCM: WebCrypto opens and seals', async () => {
  expect(aesGcm.tests).toHaveLength(66)
  const run = async ({ key, iv, aad, msg, ct, tag }: (typeof aesGcm.tests)[number]) => {
    const imported = await crypto.subtle.importKey('raw', fromBareHex(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
    const algorithm = { name: 'AES-GCM', iv: fromBareHex(iv), additionalData: fromBareHex(aad) }
    const sealed = toBareHex(await crypto.subtle.encrypt(algorithm, imported, fromBareHex(msg)))
    const opened = await crypto.subtle.decrypt(algorithm, imported, fromBareHex(ct + tag)).then(
      (plain) => toBareHex(plain),
      () => undefined,
    )
    return sealed === ct + tag && opened === msg
  }
  expect(await surprises(aesGcm.tests, ({ result }) => result === 'valid', run)).toEqual([])
})

describe('ECDH P-256', () => {
  test('points that are none are refused at import, others agree', async () => {
    const derive = async ({ public: point, private: scalar }: (typeof ecdhPoint.tests)[number]) => {
      try {
        const key = await importPublicKey(hex(point), 'unreadable')
        return await deriveFrom(key as CryptoKey, await importScalar(scalar))
      } catch (error) {
        return (error as { code?: string }).code
      }
    }
    const expected = ({ result, shared }: (typeof ecdhPoint.tests)[number]) =>
      result === 'invalid' ? 'unreadable' : shared
    // A compressed point is a second encoding of the same key: it is refused although the vector would accept it.
    const vectors = ecdhPoint.tests.map((one) => (one.result === 'acceptable' ? { ...one, result: 'invalid' } : one))
    expect(vectors).toHaveLength(355)
    expect(await surprises(vectors, expected, derive)).toEqual([])
  })

  test('WebCrypto agrees on JWK keys', async () => {
    expect(ecdhWebcrypto.tests).toHaveLength(353)
    const derive = async (vector: (typeof ecdhWebcrypto.tests)[number]) => {
      try {
        const [pub, priv] = [vector.public, vector.private].map((text) => JSON.parse(text) as JsonWebKey)
        const key = await crypto.subtle.importKey('jwk', pub!, ecdh, true, [])
        return await deriveFrom(key, await crypto.subtle.importKey('jwk', priv!, ecdh, false, ['deriveBits']))
      } catch (error) {
        return error instanceof DOMException ? 'refused' : error
      }
    }
    const expected = ({ result, shared }: (typeof ecdhWebcrypto.tests)[number]) =>
      result === 'invalid' ? 'refused' : shared
    expect(await surprises(ecdhWebcrypto.tests, expected, derive)).toEqual([])
  })
})

async function deriveFrom(publicKey: CryptoKey, privateKey: CryptoKey): Promise<string> {
  return toBareHex(await crypto.subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 256))
}

/** A private key from its scalar alone: PKCS #8 without the optional point (RFC 5915). */
function importScalar(scalar: string): Promise<CryptoKey> {
  const prefix = '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420'
  const padded = scalar.slice(-64).padStart(64, '0')
  return crypto.subtle.importKey('pkcs8', fromBareHex(prefix + padded), ecdh, false, ['deriveBits'])
}
