/** What seals and hashes rest on in a browser: WebCrypto. */
export { loadCurve, webPrimitives } from '@enigma/crypto'
