/** P-256 keys and ECDSA (FIPS 186-5) by WebCrypto. Points are uncompressed SEC1, 65 bytes; signatures r ‖ s, 64 bytes. */
import { type Hex, MarketplaceError } from '@enigma/protocol'
import { bytesToHex, hexToBytes } from 'viem'

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const

/** A signing key whose private half need not be extractable; `publicKey` is the 65-byte point. */
export type SessionKey = { privateKey: CryptoKey; publicKey: Hex }

export type VerifyP256Parameters = { publicKey: Hex; message: Uint8Array; signature: Hex }

/** Whether the signature is the key's over the message; false for a point that is not on the curve. */
export type VerifyP256 = (parameters: VerifyP256Parameters) => Promise<boolean>

/** Creates a session key; not extractable unless asked, so that a page cannot give it away. */
export async function createSessionKey({ extractable = false }: { extractable?: boolean } = {}): Promise<SessionKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ecdsa, extractable, ['sign', 'verify'])
  return { privateKey, publicKey: await exportPoint(publicKey) }
}

/** The 65-byte point of a public key. */
export async function exportPoint(publicKey: CryptoKey): Promise<Hex> {
  return bytesToHex(new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)))
}

/** Signs SHA-256 of the message; returns r ‖ s. */
export async function signP256({ key, message }: { key: SessionKey; message: Uint8Array }): Promise<Hex> {
  const signature = await crypto.subtle.sign(signing, key.privateKey, new Uint8Array(message))
  return bytesToHex(new Uint8Array(signature))
}

/** Verifies by WebCrypto; daemons inject a faster one. */
export const verifyP256: VerifyP256 = async ({ publicKey, message, signature }) => {
  const key = await importPoint(publicKey)
  if (key === undefined || signature.length !== 130) return false
  return crypto.subtle.verify(signing, key, new Uint8Array(hexToBytes(signature)), new Uint8Array(message))
}

async function importPoint(publicKey: Hex): Promise<CryptoKey | undefined> {
  if (!/^0x04[0-9a-f]{128}$/.test(publicKey)) return undefined
  try {
    return await crypto.subtle.importKey('raw', new Uint8Array(hexToBytes(publicKey)), ecdsa, true, ['verify'])
  } catch (error) {
    // WebCrypto checks that the point is on the curve: a key that is none signs nothing.
    if (error instanceof DOMException) return undefined
    throw error
  }
}

/** Throws `signature-invalid`. */
export function signatureInvalid(what: string): MarketplaceError {
  return new MarketplaceError({
    code: 'signature-invalid',
    message: `The signature of the ${what} is not its signer's.`,
  })
}
