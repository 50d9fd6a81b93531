/**
 * The primitives by node:crypto, which is OpenSSL as WebCrypto is: what is small is computed at once, because a job on
 * another thread costs a multiple of it. Large chunks go to other threads, where they are sealed in parallel.
 */
import { createCipheriv, createDecipheriv, createECDH, createHmac, ECDH, hash } from 'node:crypto'
import { concatBytes, utf8 } from '@enigma/protocol'
import {
  type AEAD,
  CipherSuite,
  type KDF,
  type KEM,
  type Key,
  LabeledExpand,
  LabeledExtract,
  NotSupportedError,
} from 'hpke'
import { type ChunkCipher, type GcmParameters, type Primitives, webPrimitives } from '../primitives.ts'

const curve = 'prime256v1'
const pointBytes = 65
const scalarBytes = 32
const hashBytes = 32
const tagBytes = 16
/** Above this a job on another thread pays. */
const atOnceBytes = 16 * 1024

/** A key of this environment; only this module can use the private ones. */
type PointKey = Key & { readonly point: Uint8Array }
const exchanges = new WeakMap<Key, ECDH>()

const algorithm = { name: 'ECDH', namedCurve: 'P-256' } as const

const hkdf: KDF = {
  id: 0x0001,
  type: 'KDF',
  name: 'HKDF-SHA256',
  Nh: hashBytes,
  stages: 2,
  Extract: (salt, ikm) => Promise.resolve(hmac(salt.length === 0 ? new Uint8Array(hashBytes) : salt, ikm)),
  Expand: (prk, info, length) => attempt(() => expand(prk, info, length)),
  Derive: () => Promise.reject(new NotSupportedError('HKDF has two stages')),
}

const aesGcm: AEAD = {
  id: 0x0002,
  type: 'AEAD',
  name: 'AES-256-GCM',
  Nk: 32,
  Nn: 12,
  Nt: tagBytes,
  Seal: (key, nonce, aad, bytes) => attempt(() => sealAtOnce(key, { nonce, aad, bytes })),
  Open: (key, nonce, aad, bytes) => attempt(() => openAtOnce(key, { nonce, aad, bytes })),
}

/** RFC 9180 §4.1, DHKEM(P-256, HKDF-SHA256). */
const dhkem: KEM<PointKey> = {
  id: 0x0010,
  type: 'KEM',
  name: 'DHKEM(P-256, HKDF-SHA256)',
  Nsecret: hashBytes,
  Nenc: pointBytes,
  Npk: pointBytes,
  Nsk: scalarBytes,
  DeriveKeyPair: () => Promise.reject(new NotSupportedError('keys are random or imported here')),
  GenerateKeyPair: () => attempt(() => generatePair()),
  SerializePublicKey: ({ point }) => Promise.resolve(point.slice()),
  DeserializePublicKey: (point) => attempt(() => publicKeyOf(point)),
  SerializePrivateKey: () => Promise.reject(new NotSupportedError('private keys do not leave this process')),
  DeserializePrivateKey: (scalar) => attempt(() => importScalar(scalar)),
  Encap: (recipient) =>
    attempt(async () => {
      const { publicKey, privateKey } = generatePair()
      const enc = publicKey.point
      const secret = exchangeOf(privateKey).computeSecret(recipient.point)
      return { enc, shared_secret: await sharedSecret(secret, enc, recipient) }
    }),
  Decap: (enc, privateKey, publicKey) =>
    attempt(() => sharedSecret(exchangeOf(privateKey).computeSecret(enc), enc, publicKey ?? privateKey)),
}
const kemId = Uint8Array.of(0x4b, 0x45, 0x4d, 0x00, 0x10)

const suite = new CipherSuite(
  () => dhkem,
  () => hkdf,
  () => aesGcm,
)

/** The primitives of Node.js. */
export const nodePrimitives: Primitives = {
  suite,
  createKeyPair: () =>
    attempt(() => {
      const keyPair = generatePair()
      return { keyPair, point: keyPair.publicKey.point }
    }),
  importPoint: (point) => attempt(() => publicKeyOf(point)),
  createCipher: (key) => Promise.resolve(createCipher(key)),
  sha256: (bytes) => Promise.resolve(new Uint8Array(hash('sha256', bytes, 'buffer'))),
}

function createCipher(key: Uint8Array): ChunkCipher {
  let onThreads: Promise<ChunkCipher> | undefined
  const threads = () => (onThreads ??= webPrimitives.createCipher(key))
  return {
    seal: async (chunk) => (chunk.bytes.length > atOnceBytes ? (await threads()).seal(chunk) : sealAtOnce(key, chunk)),
    open: async (chunk) => (chunk.bytes.length > atOnceBytes ? (await threads()).open(chunk) : openAtOnce(key, chunk)),
  }
}

/** Errors of synchronous work as rejections. */
async function attempt<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  return work()
}

function generatePair(): { publicKey: PointKey; privateKey: PointKey } {
  const exchange = createECDH(curve)
  const point = new Uint8Array(exchange.generateKeys())
  return pairOf(exchange, point)
}

function importScalar(scalar: Uint8Array): PointKey {
  const exchange = createECDH(curve)
  exchange.setPrivateKey(scalar)
  return pairOf(exchange, new Uint8Array(exchange.getPublicKey())).privateKey
}

function pairOf(exchange: ECDH, point: Uint8Array) {
  const privateKey: PointKey = { algorithm, extractable: false, type: 'private', point }
  exchanges.set(privateKey, exchange)
  const publicKey: PointKey = { algorithm, extractable: true, type: 'public', point }
  return { privateKey, publicKey }
}

/** Throws unless the bytes are an uncompressed point on the curve: one key has one encoding here. */
function publicKeyOf(point: Uint8Array): PointKey {
  if (point.length !== pointBytes || point[0] !== 4) throw new RangeError('no uncompressed point')
  ECDH.convertKey(point, curve)
  return { algorithm, extractable: true, type: 'public', point: new Uint8Array(point) }
}

function exchangeOf(privateKey: PointKey): ECDH {
  const exchange = exchanges.get(privateKey)
  if (exchange === undefined) throw new TypeError('a private key of another environment')
  return exchange
}

/** ExtractAndExpand (RFC 9180 §4.1). */
async function sharedSecret(secret: Uint8Array, enc: Uint8Array, recipient: PointKey): Promise<Uint8Array> {
  const key = await LabeledExtract(hkdf, kemId, new Uint8Array(0), utf8('eae_prk'), secret)
  return LabeledExpand(hkdf, kemId, key, utf8('shared_secret'), concatBytes(enc, recipient.point), hashBytes)
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

/** HKDF-Expand (RFC 5869 §2.3). */
function expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (prk.length < hashBytes || length > 255 * hashBytes) throw new RangeError('HKDF cannot expand this')
  const out = new Uint8Array(Math.ceil(length / hashBytes) * hashBytes)
  let last: Uint8Array = new Uint8Array(0)
  for (let at = 0; at * hashBytes < length; at++) {
    last = hmac(prk, last, info, Uint8Array.of(at + 1))
    out.set(last, at * hashBytes)
  }
  return out.slice(0, length)
}

function sealAtOnce(key: Uint8Array, { nonce, aad, bytes }: GcmParameters): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(aad)
  return concatBytes(cipher.update(bytes), cipher.final(), cipher.getAuthTag())
}

function openAtOnce(key: Uint8Array, { nonce, aad, bytes }: GcmParameters): Uint8Array {
  const end = bytes.length - tagBytes
  if (end < 0) throw new RangeError('a ciphertext without its tag')
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(aad).setAuthTag(bytes.subarray(end))
  return concatBytes(decipher.update(bytes.subarray(0, end)), decipher.final())
}
