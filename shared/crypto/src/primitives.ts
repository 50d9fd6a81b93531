/**
 * The primitives that seals rest on. WebCrypto offers them everywhere, each on another thread and back; Node.js computes
 * small things at once (`./node`). Both are held against the same vectors.
 */
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256, type Key } from 'hpke'

/** A pair for DHKEM(P-256); what a key holds is the environment's own. */
export type HpkeKeys = { publicKey: Key; privateKey: Key }

/** AES-256-GCM with one key; a nonce is used once. */
export type ChunkCipher = {
  seal: (chunk: GcmParameters) => Promise<Uint8Array>
  /** Rejects when the tag is not that of these bytes. */
  open: (chunk: GcmParameters) => Promise<Uint8Array>
}
export type GcmParameters = { nonce: Uint8Array; aad: Uint8Array; bytes: Uint8Array }

export type Primitives = {
  /** HPKE suite 1 (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
  suite: CipherSuite
  /** A fresh pair whose private key does not leave this process, and its uncompressed point. */
  createKeyPair: () => Promise<{ keyPair: HpkeKeys; point: Uint8Array }>
  /** Rejects unless the 65 bytes are an uncompressed point on the curve. */
  importPoint: (point: Uint8Array) => Promise<Key>
  createCipher: (key: Uint8Array) => Promise<ChunkCipher>
  sha256: (bytes: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>
}

/** Whether these are the bytes of an uncompressed point: OpenSSL takes other encodings of the same one, too. */
export function isUncompressed(point: Uint8Array): boolean {
  return point.length === 65 && point[0] === 4
}

const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const

/** The primitives of WebCrypto. */
export const webPrimitives: Primitives = {
  suite: new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM),
  async createKeyPair() {
    const keyPair = await crypto.subtle.generateKey(ecdh, false, ['deriveBits'])
    return { keyPair, point: new Uint8Array(await crypto.subtle.exportKey('raw', keyPair.publicKey)) }
  },
  importPoint: (point) => crypto.subtle.importKey('raw', new Uint8Array(point), ecdh, true, []),
  async createCipher(raw) {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
    return {
      async seal({ bytes, ...parameters }) {
        return new Uint8Array(await crypto.subtle.encrypt(gcm(parameters), key, new Uint8Array(bytes)))
      },
      async open({ bytes, ...parameters }) {
        return new Uint8Array(await crypto.subtle.decrypt(gcm(parameters), key, new Uint8Array(bytes)))
      },
    }
  },
  sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))),
}

function gcm({ nonce, aad }: Omit<GcmParameters, 'bytes'>) {
  return { name: 'AES-GCM', iv: new Uint8Array(nonce), additionalData: new Uint8Array(aad) }
}
