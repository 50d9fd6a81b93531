/**
 * The noise handshake's cryptography with key pairs made by the Montgomery ladder. The library multiplies the base point
 * by a table, which pays after some hundred keys; a page makes two, and the table costs a phone 40 ms at once.
 */
import { type ICryptoInterface, pureJsCrypto } from '@libp2p/noise'

/** X25519's base point (RFC 7748 §6.1). */
const basePoint = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 9 : 0))

export const ladderCrypto: ICryptoInterface = {
  ...pureJsCrypto,
  generateX25519KeyPair() {
    const privateKey = crypto.getRandomValues(new Uint8Array(32))
    return { privateKey, publicKey: pureJsCrypto.generateX25519SharedKey(privateKey, basePoint) }
  },
}
