/** What seals and hashes rest on in a browser: WebCrypto. */
export { webPrimitives } from '@enigma/crypto'
