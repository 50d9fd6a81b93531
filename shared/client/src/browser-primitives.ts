/** What seals, hashes and signatures rest on in a browser. */
import { type Primitives, webPrimitives } from '@enigma/crypto'
// Of the version that viem uses, so that it is viem's curve which is set up here.
import { secp256k1 } from '@noble/curves/secp256k1'

/** WebCrypto; and for secp256k1, which it does not know, a small table. */
export function createBrowserPrimitives(): Primitives {
  // The usual table pays after some hundred signatures; a page checks a handful, and it costs a phone 40 ms at once.
  secp256k1.ProjectivePoint.BASE._setWindowSize(4)
  return webPrimitives
}
