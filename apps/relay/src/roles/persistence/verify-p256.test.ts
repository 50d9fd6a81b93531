import { createSessionKey, signP256, verifyP256, type VerifyP256Parameters } from '@enigma/crypto'
import { type Hex, utf8 } from '@enigma/protocol'
import { describe, expect, it } from 'vitest'
import { createP256Verifier } from './verify-p256.ts'

describe('createP256Verifier', () => {
  const verify = createP256Verifier({ maxKeys: 2 })
  const message = utf8('a message')

  it('agrees with WebCrypto on good and altered signatures, messages and keys', async () => {
    const key = await createSessionKey()
    const other = await createSessionKey()
    const signature = await signP256({ key, message })
    const flipped: Hex = `${signature.slice(0, -1) as Hex}${signature.endsWith('0') ? '1' : '0'}`
    const cases: VerifyP256Parameters[] = [
      { publicKey: key.publicKey, message, signature },
      { publicKey: key.publicKey, message: utf8('another'), signature },
      { publicKey: key.publicKey, message, signature: flipped },
      { publicKey: other.publicKey, message, signature },
      { publicKey: key.publicKey, message, signature: '0x' },
      { publicKey: key.publicKey, message, signature: `0x${'00'.repeat(64)}` },
    ]
    const expected = [true, false, false, false, false, false]
    expect(await Promise.all(cases.map(verify))).toEqual(expected)
    expect(await Promise.all(cases.map(verifyP256))).toEqual(expected)
  })

  it.each(['0x', '0x04', `0x04${'11'.repeat(64)}`, `0x02${'11'.repeat(32)}`, `0x04${'00'.repeat(64)}`])(
    'takes %s for no key',
    async (publicKey) => {
      expect(await verify({ publicKey: publicKey as Hex, message, signature: `0x${'11'.repeat(64)}` })).toBe(false)
    },
  )
})
