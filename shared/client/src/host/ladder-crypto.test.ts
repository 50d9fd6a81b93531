import { pureJsCrypto } from '@libp2p/noise'
import { expect, test } from 'vitest'
import { ladderCrypto } from './ladder-crypto.ts'

test('key pairs are X25519 key pairs, and each is another one', async () => {
  const pairs = Array.from({ length: 50 }, () => ladderCrypto.generateX25519KeyPair())
  for (const { privateKey, publicKey } of pairs) {
    expect(publicKey.subarray()).toEqual(pureJsCrypto.generateX25519KeyPairFromSeed(privateKey.subarray()).publicKey)
    await crypto.subtle.importKey('raw', publicKey.slice(), 'X25519', false, [])
  }
  expect(new Set(pairs.map(({ publicKey }) => publicKey.subarray().join())).size).toBe(50)
})

test('both sides come to one shared key', () => {
  const [a, b] = [ladderCrypto.generateX25519KeyPair(), pureJsCrypto.generateX25519KeyPair()]
  const ofA = ladderCrypto.generateX25519SharedKey(a.privateKey, b.publicKey)
  expect(ofA).toEqual(pureJsCrypto.generateX25519SharedKey(b.privateKey, a.publicKey))
})
