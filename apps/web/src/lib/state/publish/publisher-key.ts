/** A new key that signs a dataset's snapshots. */
import type { Hex } from '@enigma/protocol'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { PublisherKey } from './publish-store.ts'

export function createPublisherKey(nowMs: number): PublisherKey {
  const privateKey = generatePrivateKey()
  return { address: privateKeyToAccount(privateKey).address.toLowerCase() as Hex, privateKey, createdAtMs: nowMs }
}
