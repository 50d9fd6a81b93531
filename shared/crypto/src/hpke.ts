/** HPKE (RFC 9180) suite 1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; base mode, a fresh set-up each time. */
import {
  concatBytes,
  decodeSealedQuery,
  encodeCbor,
  encodeSealedQuery,
  type Hex,
  limits,
  MarketplaceError,
  type SealedQuery,
  suiteP256,
  uint32be,
  utf8,
} from '@enigma/protocol'
import type { Key } from 'hpke'
import { bytesToHex, hexToBytes } from 'viem'
import { sha256, sha256Hex } from './hash.ts'
import { exportPoint } from './p256.ts'
import { padmeLength } from './padme.ts'
import { type HpkeKeys, isUncompressed, type Primitives, webPrimitives } from './primitives.ts'

const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const
const queryInfo = utf8('enigma/sealed-query/v1')

/** An HPKE key pair; `publicKeyHex` is the 65-byte point, `keyId` the first 8 bytes of its SHA-256. */
export type HpkeKeyPair<Keys extends HpkeKeys = HpkeKeys> = { keyPair: Keys; publicKeyHex: Hex; keyId: Hex }

/** Creates the key pair that a node publishes in its record; extractable only for a daemon that stores it. */
export async function createQueryKeyPair({ extractable = false }: { extractable?: boolean } = {}): Promise<
  HpkeKeyPair<CryptoKeyPair>
> {
  const keyPair = await crypto.subtle.generateKey(ecdh, extractable, ['deriveBits'])
  const publicKeyHex = await exportPoint(keyPair.publicKey)
  return { keyPair, publicKeyHex, keyId: await keyIdOf(publicKeyHex) }
}

/** The key pair of one answer, which needs no id. */
export type ReplyKeyPair = Omit<HpkeKeyPair, 'keyId'>

/** Creates the key pair of one answer: never stored, never extractable. */
export async function createReplyKeyPair(primitives: Primitives = webPrimitives): Promise<ReplyKeyPair> {
  const { keyPair, point } = await primitives.createKeyPair()
  return { keyPair, publicKeyHex: bytesToHex(point) }
}

/** The id of a query key: the first 8 bytes of the SHA-256 of its point. */
export async function keyIdOf(publicKeyHex: Hex): Promise<Hex> {
  return bytesToHex((await sha256(hexToBytes(publicKeyHex))).subarray(0, 8))
}

/** Imports a peer's uncompressed point; throws `code` when it is none or not on the curve. */
export async function importPublicKey(
  point: Hex,
  code: 'unreadable' | 'node-record-invalid',
  primitives: Primitives = webPrimitives,
): Promise<Key> {
  try {
    // Node takes compressed and hybrid points too: one key has one encoding here.
    const bytes = hexToBytes(point)
    if (!isUncompressed(bytes)) throw new RangeError('the point is not uncompressed')
    return await primitives.importPoint(bytes)
  } catch (cause) {
    throw new MarketplaceError({ code, message: 'The key to seal to is not a P-256 point.', cause })
  }
}

export type SealQueryParameters = {
  /** An encoded `SignedQuery`. */
  signedQuery: Uint8Array
  queryKey: Hex
  keyId: Hex
  primitives?: Primitives | undefined
}

/** Seals a signed query to a node's query key, padded by Padmé from 1 KiB up; throws `too-large`. */
export async function sealQuery({
  signedQuery,
  queryKey,
  keyId,
  primitives = webPrimitives,
}: SealQueryParameters): Promise<{ sealed: Uint8Array; requestHash: Hex }> {
  if (signedQuery.length > limits.queryBytes) {
    throw new MarketplaceError({
      code: 'too-large',
      message: `The query has ${signedQuery.length} bytes of at most ${limits.queryBytes}; shorten its SQL or parameters.`,
    })
  }
  const publicKey = await importPublicKey(queryKey, 'node-record-invalid', primitives)
  const { encapsulatedSecret, ctx } = await primitives.suite.SetupSender(publicKey, { info: queryInfo })
  const header = { v: 1, suite: suiteP256, keyId, enc: encapsulatedSecret } as const
  const plaintext = new Uint8Array(padmeLength(4 + signedQuery.length))
  plaintext.set(concatBytes(uint32be(signedQuery.length), signedQuery))
  const ciphertext = await ctx.Seal(plaintext, encodeCbor(header))
  return { sealed: encodeSealedQuery({ ...header, ciphertext }), requestHash: await sha256Hex(signedQuery, primitives) }
}

export type OpenQueryParameters = {
  /** An encoded `SealedQuery`. */
  sealed: Uint8Array
  /** The node's present or previous key pair of this id. */
  keyPairOf: (keyId: Hex) => HpkeKeys | undefined
  primitives?: Primitives | undefined
}

/** Opens a sealed query; every failure is the same `unreadable`. */
export async function openQuery({
  sealed,
  keyPairOf,
  primitives = webPrimitives,
}: OpenQueryParameters): Promise<{ signedQuery: Uint8Array; requestHash: Hex }> {
  const { ciphertext, ...header } = decodeSealedQuery(sealed)
  const keyPair = keyPairOf(header.keyId)
  if (keyPair === undefined) throw unreadable()
  const plaintext = await openSealed({ primitives, keyPair, header, ciphertext })
  const length = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.length).getUint32(0)
  const end = 4 + length
  if (length > limits.queryBytes || end > plaintext.length || plaintext.subarray(end).some((byte) => byte !== 0)) {
    throw unreadable()
  }
  const signedQuery = plaintext.slice(4, end)
  return { signedQuery, requestHash: await sha256Hex(signedQuery, primitives) }
}

async function openSealed({
  primitives,
  keyPair,
  header,
  ciphertext,
}: {
  primitives: Primitives
  keyPair: HpkeKeys
  header: Omit<SealedQuery, 'ciphertext'>
  ciphertext: Uint8Array
}) {
  if (!isUncompressed(header.enc)) throw unreadable()
  try {
    const context = await primitives.suite.SetupRecipient(keyPair, header.enc, { info: queryInfo })
    const plaintext = await context.Open(ciphertext, encodeCbor(header))
    if (plaintext.length >= 4) return plaintext
  } catch (cause) {
    throw unreadable(cause)
  }
  throw unreadable()
}

function unreadable(cause?: unknown): MarketplaceError {
  return new MarketplaceError({
    code: 'unreadable',
    message: 'The query was not sealed to a key of this node; read its node record again.',
    cause,
  })
}
