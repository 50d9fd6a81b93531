import type { Hex } from '@enigma/protocol'
import fc from 'fast-check'
import { privateKeyToAccount } from 'viem/accounts'
import { bytesToHex, publicKeyToAddress } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import ecdsaK256 from '../vectors/wycheproof-ecdsa-secp256k1-sha256-p1363.json' with { type: 'json' }
import { fromBareHex } from './fixtures/bare-hex.ts'
import { sha256Hex } from './hash.ts'
import { isSignedBy } from './known-signers.ts'
import { recoverSigner } from './recover-signer.ts'

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const account = privateKeyToAccount(`0x${'07'.repeat(32)}`)
const signer = account.address.toLowerCase() as Hex
const word = (value: bigint) => value.toString(16).padStart(64, '0')
const digests = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes))

/** What recovery says, asked while the key is unknown, known, and known with its table. */
async function verdicts(digest: Hex, signature: Hex, of: Hex = signer) {
  const recovered = (await recoverSigner(digest, signature)) === of
  const asked: boolean[] = []
  for (let time = 0; time < 3; time++) asked.push(await isSignedBy({ digest, signature, signer: of }))
  return { recovered, asked }
}

describe('isSignedBy', () => {
  test('accepts what the account signed, the first time and every time after', async () => {
    await fc.assert(
      fc.asyncProperty(digests, async (digest) => {
        const signature = await account.sign({ hash: digest })
        expect(await verdicts(digest, signature)).toEqual({ recovered: true, asked: [true, true, true] })
      }),
      { numRuns: 30 },
    )
  })

  test('says of an altered signature what recovery says', async () => {
    const alterations: ((signature: Hex) => string)[] = [
      (signature) => signature.slice(0, -2) + (signature.endsWith('1b') ? '1c' : '1b'),
      (signature) => `${signature.slice(0, -2)}00`,
      (signature) => `${signature.slice(0, 66)}${word(order - BigInt(`0x${signature.slice(66, 130)}`))}1b`,
      (signature) => `${signature.slice(0, 66)}${word(order - BigInt(`0x${signature.slice(66, 130)}`))}1c`,
      (signature) => `${signature.slice(0, 65)}${signature[65] === '0' ? '1' : '0'}${signature.slice(66)}`,
      (signature) => `0x${word(0n)}${signature.slice(66)}`,
      (signature) => `0x${word(order)}${signature.slice(66)}`,
      (signature) => `0x${word(order - 1n)}${signature.slice(66)}`,
      (signature) => `${signature.slice(0, 66)}${word(0n)}1b`,
      (signature) => `${signature.slice(0, 66)}${word(1n)}1b`,
      (signature) => signature.slice(0, 130),
      () => '0x',
    ]
    const index = fc.nat(alterations.length - 1)
    await fc.assert(
      fc.asyncProperty(digests, index, async (digest, at) => {
        const altered = alterations[at]!(await account.sign({ hash: digest })) as Hex
        expect(await verdicts(digest, altered)).toEqual({ recovered: false, asked: [false, false, false] })
      }),
      { numRuns: 60 },
    )
  })

  test('refuses another account and another digest', async () => {
    const digest: Hex = `0x${'11'.repeat(32)}`
    const signature = await account.sign({ hash: digest })
    const stranger = privateKeyToAccount(`0x${'08'.repeat(32)}`)
    const other = stranger.address.toLowerCase() as Hex
    expect(await isSignedBy({ digest, signature: await stranger.sign({ hash: digest }), signer: other })).toBe(true)
    expect((await verdicts(digest, signature, other)).asked).toEqual([false, false, false])
    expect((await verdicts(`0x${'12'.repeat(32)}`, signature)).asked).toEqual([false, false, false])
  })

  test('takes digests of any value', async () => {
    for (const value of [0n, 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n]) {
      const digest: Hex = `0x${word(value)}`
      expect((await verdicts(digest, await account.sign({ hash: digest }))).asked).toEqual([true, true, true])
    }
  })

  test('agrees with recovery on every vector of Wycheproof', { timeout: 60_000 }, async () => {
    const disagreements: number[] = []
    for (const { tcId, publicKey, msg, sig } of ecdsaK256.tests) {
      const digest = await sha256Hex(fromBareHex(msg))
      const of = publicKeyToAddress(`0x${publicKey}`).toLowerCase() as Hex
      for (const v of ['1b', '1c']) {
        const { recovered, asked } = await verdicts(digest, `0x${sig}${v}`, of)
        if (asked.some((each) => each !== recovered)) disagreements.push(tcId)
      }
    }
    expect(disagreements).toEqual([])
  })

  test('keeps a bounded number of keys, and is right beyond it', async () => {
    const digest: Hex = `0x${'21'.repeat(32)}`
    for (let index = 1; index <= 40; index++) {
      const one = privateKeyToAccount(`0x${word(BigInt(index))}`)
      const of = one.address.toLowerCase() as Hex
      expect(await isSignedBy({ digest, signature: await one.sign({ hash: digest }), signer: of })).toBe(true)
    }
    const signature = await account.sign({ hash: digest })
    expect((await verdicts(digest, signature)).asked).toEqual([true, true, true])
  })
})
