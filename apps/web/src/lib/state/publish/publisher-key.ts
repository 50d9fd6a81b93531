/** Keys that sign a dataset's snapshots. */
import type { Hex } from '@enigma/protocol'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { PublisherKey } from './publish-store.ts'

const maxFileBytes = 1000

/** A new one. */
export function createPublisherKey(nowMs: number): PublisherKey {
  return keyOf(generatePrivateKey(), nowMs)
}

/** The key of a backup; undefined for a file that holds none. */
export async function readPublisherKey(file: Blob, nowMs: number): Promise<PublisherKey | undefined> {
  if (file.size > maxFileBytes) return undefined
  const [text] = /^0x[0-9a-fA-F]{64}$/.exec((await file.text()).trim()) ?? []
  if (text === undefined) return undefined
  try {
    return keyOf(text as Hex, nowMs)
  } catch {
    // Zero, or beyond the curve's order: no key has these digits.
    return undefined
  }
}

function keyOf(privateKey: Hex, createdAtMs: number): PublisherKey {
  return { address: privateKeyToAccount(privateKey).address.toLowerCase() as Hex, privateKey, createdAtMs }
}
