/** Fast P-256 signature checks (ECDSA, SHA-256, r ‖ s) by node:crypto, with parsed keys kept (FIPS 186-5 §6.4.2). */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { VerifyP256 } from '@enigma/crypto'
import type { Hex } from '@enigma/protocol'
import { LruMap } from '../../lru-map.ts'

/** Creates a verifier that keeps up to `maxKeys` parsed keys. */
export function createP256Verifier({ maxKeys }: { maxKeys: number }): VerifyP256 {
  const keys = new LruMap<Hex, KeyObject>({ maxEntries: maxKeys })
  return ({ publicKey, message, signature }) => {
    const key = keys.get(publicKey) ?? parsePoint(publicKey)
    if (key === undefined || signature.length !== 130) return Promise.resolve(false)
    keys.set(publicKey, key)
    const bytes = Buffer.from(signature.slice(2), 'hex')
    return Promise.resolve(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, bytes))
  }
}

function parsePoint(publicKey: Hex): KeyObject | undefined {
  const point = Buffer.from(publicKey.slice(2), 'hex')
  if (point.length !== 65 || point[0] !== 4) return undefined
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((bytes) => bytes.toString('base64url'))
  try {
    return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } })
  } catch {
    // OpenSSL checks that the point is on the curve: a key that is none signs nothing.
    return undefined
  }
}
