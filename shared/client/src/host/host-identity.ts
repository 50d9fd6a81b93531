/** Who a page's host is: a fresh key, so that two visits are two strangers to the network. */
import { generateKeyPair, privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

export type HostIdentity = { privateKey: PrivateKey; peerId: PeerId }

/** Makes a key and the peer id that it has. */
export async function createHostIdentity(): Promise<HostIdentity> {
  const privateKey = (await generateByBrowser()) ?? (await generateKeyPair('Ed25519'))
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey) }
}

/**
 * A key by the browser's own code: in JavaScript it costs a phone a twentieth of a second. Undefined where the browser
 * knows no Ed25519.
 */
async function generateByBrowser(): Promise<PrivateKey | undefined> {
  try {
    const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])
    const { d = '', x = '' } = await crypto.subtle.exportKey('jwk', pair.privateKey)
    return privateKeyFromRaw(Uint8Array.from([d, x].flatMap(fromBase64Url)))
  } catch (error) {
    if (error instanceof DOMException) return undefined
    throw error
  }
}

function fromBase64Url(text: string): number[] {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Array.from(binary, (character) => character.charCodeAt(0))
}
