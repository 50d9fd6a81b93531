/** Who a page's host is: a fresh key, so that two visits are two strangers to the network. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

export type HostIdentity = { privateKey: PrivateKey; peerId: PeerId }

/** Makes a key and the peer id that it has. */
export async function createHostIdentity(): Promise<HostIdentity> {
  const privateKey = await generateKeyPair('Ed25519')
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey) }
}
