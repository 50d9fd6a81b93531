import fc from 'fast-check'
import { expect, test } from 'vitest'
import { feeOf, payeeShare } from './payee-share.ts'

const [a, b, c] = ['0xaa', '0xbb', '0xcc'] as const

test('the first payee receives what rounding leaves over', () => {
  const payouts = [
    { payee: a, shareBps: 3333 },
    { payee: b, shareBps: 3333 },
    { payee: c, shareBps: 3334 },
  ]
  expect([a, b, c].map((account) => payeeShare(payouts, 10n, account))).toEqual([4n, 3n, 3n])
})

test('an account that is named twice is paid twice, whatever the case of its address', () => {
  const payouts = [
    { payee: '0xAA', shareBps: 5000 },
    { payee: b, shareBps: 2500 },
    { payee: a, shareBps: 2500 },
  ] as const
  expect(payeeShare(payouts, 100n, a)).toBe(75n)
  expect(payeeShare(payouts, 100n, '0xdd')).toBe(0n)
})

test('all that is left after the fee is shared out', () => {
  const shares = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 27n), shares, (amount, bps) => {
      const rest = 10_000 - bps.reduce((sum, each) => sum + each, 0)
      const payouts = [rest, ...bps].map((shareBps, at) => ({ payee: `0x${at}` as const, shareBps }))
      const net = amount - feeOf(amount, 500)
      const paid = payouts.map(({ payee }) => payeeShare(payouts, net, payee))
      expect(paid.reduce((sum, each) => sum + each, 0n)).toBe(net)
    }),
  )
})
