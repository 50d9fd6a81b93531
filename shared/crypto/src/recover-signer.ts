/** Who signed a digest with secp256k1: the account that an EVM's `ecrecover` would find, and no other encoding of it. */
import type { Hex } from '@enigma/protocol'
import { hexToBytes } from 'viem'
import { publicKeyToAddress } from 'viem/utils'

/** A signature's numbers; `parity` is that of the y of the point whose x is r. */
export type SignatureParts = { r: bigint; s: bigint; parity: 0 | 1 }

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** Reads r ‖ s ‖ v; undefined unless both numbers are in range, s is the lower one and v is 27 or 28 (EIP-2). */
export function readSignature(signature: Hex): SignatureParts | undefined {
  if (!/^0x[0-9a-f]{128}(1b|1c)$/.test(signature)) return undefined
  const [r, s] = [BigInt(signature.slice(0, 66)), BigInt(`0x${signature.slice(66, 130)}`)]
  if (r === 0n || r >= order || s === 0n || s > order / 2n) return undefined
  return { r, s, parity: signature.endsWith('1b') ? 0 : 1 }
}

/** The uncompressed point that signed; undefined when the signature is none. */
export async function recoverPublicKey(digest: Hex, signature: Hex): Promise<Hex | undefined> {
  const parts = readSignature(signature)
  if (parts === undefined) return undefined
  const { secp256k1 } = await loadCurve()
  await letPageBreathe()
  try {
    const { r, s, parity } = parts
    return `0x${new secp256k1.Signature(r, s, parity).recoverPublicKey(hexToBytes(digest)).toHex(false)}`
  } catch {
    // An r that is no point's x has no signer: the caller refuses by name.
    return undefined
  }
}

/** Loaded with the first signature: a page that checks none does not fetch it. */
export function loadCurve() {
  return import('./secp256k1.ts')
}

/** A recovery takes some milliseconds, and many come in a row: between two of them a page may paint and answer. */
async function letPageBreathe(): Promise<void> {
  await (globalThis as { scheduler?: { yield?: () => Promise<void> } }).scheduler?.yield?.()
}

/** The account that signed, in lower case; undefined when the signature is none. */
export async function recoverSigner(digest: Hex, signature: Hex): Promise<Hex | undefined> {
  const publicKey = await recoverPublicKey(digest, signature)
  return publicKey === undefined ? undefined : (publicKeyToAddress(publicKey).toLowerCase() as Hex)
}
