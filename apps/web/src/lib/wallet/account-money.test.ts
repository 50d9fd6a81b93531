/** The sums of an account are those of its events, and its renewals are foreseen as the contract will decide them. */
import type { MarketplaceEvent } from '@enigma/chain'
import { describe, expect, test } from 'vitest'
import { planRenewals, type Renewable, sumSpend, toHistoryLine } from './account-money.ts'

const at = { blockNumber: 7, blockHash: '0xb', transactionHash: '0xa', logIndex: 2 } as const
const ids = { id: '0x1', account: '0x2' } as const
const eventOf = (name: string, args: object) =>
  ({ ...at, name, args: { ...ids, ...args } }) as unknown as MarketplaceEvent

describe('the history', () => {
  test('says what was paid and what came back', () => {
    const lines = [
      eventOf('Subscribed', { rate: 10n, start: 1_000, end: 3_000 }),
      eventOf('Renewed', { rate: 10n, tip: 5n }),
      eventOf('RenewalLimitChanged', { maxRate: 0n }),
      eventOf('Unsubscribed', { refund: 700n }),
      eventOf('TipsEarned', { amount: 3n }),
    ].flatMap((event) => toHistoryLine(event, '0xc/name', 50) ?? [])
    expect(lines.map(({ text, amount }) => [text, amount])).toEqual([
      ['Subscribed', -20_000n],
      ['Renewed for 30 days', -25_920_005n],
      ['Renewal switched off', undefined],
      ['Cancelled', 700n],
    ])
    expect(lines[0]).toMatchObject({ key: '0xa-2', block: 7, atSeconds: 50, path: '0xc/name' })
    expect(sumSpend(lines)).toEqual({ paid: 25_940_005n, returned: 700n })
  })

  test('a renewal that was skipped says why', () => {
    expect(toHistoryLine(eventOf('RenewalSkipped', { reason: 3 }), 'p')?.text).toContain('above your limit')
    expect(toHistoryLine(eventOf('RenewalSkipped', { reason: 99 }), 'p')?.text).toContain('Not renewed')
  })
})

describe('renewals', () => {
  const month = 2_592_000n
  const one = (path: string, endSeconds: number, changes: { rate?: bigint; maxRate?: bigint; closed?: number } = {}) =>
    ({
      path,
      terms: { rate: changes.rate ?? 1n, closedAtSeconds: changes.closed ?? 0 },
      subscription: { endSeconds, maxRate: changes.maxRate ?? 2n },
    }) satisfies Renewable
  const plans = (subscriptions: readonly Renewable[], token = 100n * month, allowance = 100n * month) =>
    planRenewals({ subscriptions, held: { token, allowance }, nowSeconds: 1_000 }).map(({ path, plan }) => [path, plan])

  test('come by their end; what has ended or never ran is none', () => {
    const never = { path: 'd', terms: undefined, subscription: undefined }
    expect(plans([one('b', 3_000), one('a', 2_000), one('c', 1_000), never])).toEqual([
      ['a', 'renews'],
      ['b', 'renews'],
    ])
  })

  test('say what stands in the way', () => {
    const subscriptions = [
      one('closed', 2_000, { closed: 5 }),
      one('off', 2_001, { maxRate: 0n }),
      one('dear', 2_002, { rate: 3n }),
    ]
    expect(plans(subscriptions)).toEqual([
      ['closed', 'closed'],
      ['off', 'off'],
      ['dear', 'price-above-limit'],
    ])
    expect(plans([one('a', 2_000)], month - 1n)).toEqual([['a', 'funds-missing']])
    expect(plans([one('a', 2_000)], month, month - 1n)).toEqual([['a', 'allowance-missing']])
  })

  test('a later one has not what an earlier one takes', () => {
    expect(plans([one('late', 3_000), one('early', 2_000)], month)).toEqual([
      ['early', 'renews'],
      ['late', 'funds-missing'],
    ])
  })
})
