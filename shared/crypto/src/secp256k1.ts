/** The curve alone: the module that it comes from has a dozen things more, which a bundle would keep. */
import { secp256k1 } from '@noble/curves/secp256k1.js'

// The usual table pays after some hundred signatures; a page checks a handful, and it costs a phone 40 ms at once.
secp256k1.Point.BASE.precompute(4)

export { secp256k1 }
