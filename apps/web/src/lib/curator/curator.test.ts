/** A curator's figures are the contract's own, and what she types is read as the contract will. */
import { describe, expect, test } from 'vitest'
import { csvPieces } from '@enigma/result/csv'
import { type CuratedDataset, depositCover, earnedAt, shareBpsOf, withdrawalState } from './curated-dataset.ts'
import { earningsChart, type PayoutLine, payoutRows, signedAmount, sumPayouts } from './payouts.ts'
import { maxRate, readAmount, readPayouts, readPrice, typedPayouts } from './read-terms.ts'

const eng = 10n ** 18n
const [alice, bob] = [`0x${'a'.repeat(40)}`, `0x${'b'.repeat(40)}`]
const dataset: CuratedDataset = {
  ...{ path: `${alice}/prices`, curator: alice, name: 'prices', registeredAtSeconds: 1, isOwn: true },
  ...{ rate: 10n, liveRate: 20n, subscribers: 2, deposit: 20n * 86_400n * 9n, closedAtSeconds: 0 },
  ...{ earned: 100n, readAtSeconds: 50, trialSeconds: 0, rank: 0n, withdrawal: undefined },
  payouts: [
    { payee: alice, shareBps: 9000 },
    { payee: bob, shareBps: 1000 },
  ],
  rankInputs: { subscribers: 2n, monthlyRevenue: 0n, referencePrice: 1n, deposit: 0n, churn: 0n },
}

describe('earnings', () => {
  test('grow by the live rate, and never backwards', () => {
    expect([40, 50, 55].map((now) => earnedAt(dataset, now))).toEqual([100n, 100n, 200n])
  })

  test('have shares by account', () => {
    expect([alice, bob, '0x'].map((account) => shareBpsOf(dataset, account))).toEqual([9000, 1000, 0])
  })
})

describe('the deposit', () => {
  test('covers days of what runs, and has room for more', () => {
    expect(depositCover(dataset)).toEqual({ days: 9n, room: 1n, least: 20n * 86_400n * 6n, full: 20n * 2_592_000n })
    expect(depositCover({ ...dataset, liveRate: 0n, deposit: 10n * 86_400n * 6n * 3n })).toMatchObject({
      days: undefined,
      room: 3n,
    })
    expect(depositCover({ ...dataset, deposit: 0n }).room).toBe(0n)
  })

  test('leaves by a window that opens and closes', () => {
    const withdrawal = { amount: 1n, maturesAtSeconds: 10, lapsesAtSeconds: 20 }
    expect([9, 10, 19, 20].map((now) => withdrawalState(withdrawal, now))).toEqual([
      'waiting',
      'ready',
      'ready',
      'lapsed',
    ])
  })
})

describe('what is typed', () => {
  const bounds = { minRate: 2n, present: undefined }
  test('a price is a rate inside of the bounds, or a sentence', () => {
    expect(readPrice('12.5', bounds)).toBe((125n * eng) / 10n / 2_592_000n)
    expect(readPrice('12,5', bounds)).toMatch(/such as/)
    expect(readPrice('0', bounds)).toBe('The least price of this market is 0.000000000005184 ENG a month.')
    expect(readPrice('0', { ...bounds, minRate: 0n })).toMatch(/least price/)
    expect(readPrice('186774', bounds)).toMatch(/highest price .* 186,773/)
    expect(readPrice('186773', bounds)).toBeLessThanOrEqual(maxRate)
  })

  test('the shown price typed back is the present rate, rounded as it is', () => {
    const present = eng / 2_592_000n
    expect(readPrice('1', { minRate: 1n, present })).toBe(present)
  })

  test('an amount is above zero and not above the most', () => {
    const most = { most: 5n * eng, mostText: 'You hold' }
    expect(readAmount('5', most)).toBe(5n * eng)
    expect(readAmount('0', most)).toMatch(/above zero/)
    expect(readAmount('5.000000000000000001', most)).toBe('You hold 5 ENG; give that or less.')
    expect(readAmount('99999999999', { ...most, most: 10n ** 40n })).toMatch(/no deposit that large/)
  })

  test('payees sum to 100 %', () => {
    const typed = [
      { payee: alice.toUpperCase().replace('0X', '0x'), percent: '87.5' },
      { payee: bob, percent: '12.5' },
    ]
    const payouts = readPayouts(typed)
    expect(payouts).toEqual([
      { payee: alice, shareBps: 8750 },
      { payee: bob, shareBps: 1250 },
    ])
    expect(typeof payouts === 'string' ? [] : typedPayouts(payouts)).toEqual([{ ...typed[0], payee: alice }, typed[1]])
  })

  test.each([
    [[], /one to 8/],
    [Array.from({ length: 9 }, () => ({ payee: alice, percent: '1' })), /one to 8/],
    [[{ payee: 'alice', percent: '100' }], /no address/],
    [[{ payee: `0x${'0'.repeat(40)}`, percent: '100' }], /no address/],
    [[{ payee: alice, percent: '0' }], /a share/],
    [[{ payee: alice, percent: '1e2' }], /a share/],
    [[{ payee: alice, percent: '99.99' }], /99\.99 %: 0\.01 % missing/],
    [
      [
        { payee: alice, percent: '60' },
        { payee: bob, percent: '60' },
      ],
      /120 %: 20 % too much/,
    ],
    [
      [
        { payee: alice, percent: '60' },
        { payee: alice, percent: '40' },
      ],
      /already/,
    ],
  ])('%o is refused by a sentence', (typed, sentence) => {
    expect(readPayouts(typed)).toMatch(sentence)
  })
})

describe('payouts', () => {
  const line = (kind: PayoutLine['kind'], amount: bigint, atSeconds: number | undefined): PayoutLine => ({
    ...{ key: `${kind}${amount}`, kind, amount, block: 7, atSeconds, transactionHash: '0xab' },
    path: kind === 'withdrawal' ? undefined : '=cmd/prices',
  })
  const lines = [line('share', 2n * eng, 100), line('withdrawal', eng, 200), line('tips', eng, undefined)]

  test('sum up', () => {
    expect(sumPayouts(lines)).toEqual({ credited: 3n * eng, paid: eng })
    expect(lines.map(signedAmount)).toEqual(['+2 ENG', '−1 ENG', '+1 ENG'])
  })

  test('are exported in full, and inert', () => {
    expect([...csvPieces(payoutRows(lines))].join('').split('\r\n')).toEqual([
      'time,what,dataset,amount_eng,block,transaction',
      "1970-01-01T00:01:40Z,Earnings credited,'=cmd/prices,2.000000000000000000,7,0xab",
      '1970-01-01T00:03:20Z,Paid to your account,,1.000000000000000000,7,0xab',
      ",Credited for renewing,'=cmd/prices,1.000000000000000000,7,0xab",
      '',
    ])
    expect(payoutRows(lines).value(9, 0)).toBeNull()
  })

  test('are drawn as a line that grows and steps that follow', () => {
    const chart = earningsChart({ lines, open: eng, startSeconds: 0, nowSeconds: 300 })
    expect(chart?.series.map(({ points }) => points.map(({ x, y }) => [x, y]))).toEqual([
      [
        [0, 0],
        [100_000, 2],
        [300_000, 3],
      ],
      [
        [0, 0],
        [200_000, 0],
        [200_000, 1],
        [300_000, 1],
      ],
    ])
    expect(earningsChart({ lines: [], open: 0n, startSeconds: 0, nowSeconds: 1 })).toBeUndefined()
  })
})
