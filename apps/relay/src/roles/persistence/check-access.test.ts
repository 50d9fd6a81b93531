import { type Hex, MarketplaceError } from '@enigma/protocol'
import { describe, expect, it } from 'vitest'
import type { ChainView } from './chain-view.ts'
import { checkAccess, checkHead } from './check-access.ts'
import { persistenceLimits } from './persistence-limits.ts'

const hash: Hex = `0x${'11'.repeat(32)}`
const account: Hex = `0x${'22'.repeat(20)}`
const end = 1_700_000_000

type Scene = { headTime: number; clock: number; paidEnd?: number; trialEnd?: number; closedAt?: number; since?: number }

function access({ headTime, clock, paidEnd = 0, trialEnd = 0, closedAt = 0, since = 1 }: Scene, confirmations = 0) {
  const head = { number: 10, hash, timestamp: headTime }
  const chain: ChainView = {
    head,
    accessOf: () => ({ paidEnd, trialEnd, sinceBlock: since }),
    datasetOf: () => ({ curator: account, publisher: account, metadataHash: hash, closedAt }),
    grantEpochOf: () => 0,
    isGrantRevoked: () => false,
    waitForBlock: () => Promise.resolve(true),
  }
  return checkAccess({
    chain,
    head,
    dataset: hash,
    account,
    nowSeconds: clock,
    confirmations,
    clockToleranceSeconds: persistenceLimits.clockToleranceSeconds,
  })
}

describe('checkAccess', () => {
  it.each([-1, 0, 1])('decides to the second by the chain when the head is %i s from the end', (offset) => {
    const decide = () => access({ headTime: end + offset, clock: end + offset, paidEnd: end })
    if (offset < 0) expect(decide().tier).toBe('paid')
    else expect(decide).toThrow(expect.objectContaining({ code: 'subscription-ended' }))
  })

  it.each([-1, 0, 1])('decides by its own clock less 15 s when the head lags, %i s from the end', (offset) => {
    const decide = () => access({ headTime: end - 100, clock: end + 15 + offset, paidEnd: end })
    if (offset < 0) expect(decide().tier).toBe('paid')
    else expect(decide).toThrow(expect.objectContaining({ code: 'subscription-ended' }))
  })

  it('is not fooled by its own clock running late', () => {
    const decide = () => access({ headTime: end, clock: end - 20, paidEnd: end })
    expect(decide).toThrow(expect.objectContaining({ code: 'subscription-ended' }))
  })

  it.each([-1, 0, 1])('applies the same to a trial, %i s from its end', (offset) => {
    const decide = () => access({ headTime: end + offset, clock: end, trialEnd: end })
    if (offset < 0) expect(decide()).toEqual({ tier: 'trial', endsAtSeconds: end })
    else expect(decide).toThrow(expect.objectContaining({ code: 'subscription-ended' }))
  })

  it('tells an account that never subscribed from one whose time is over, and from a closed dataset', () => {
    const scene = { headTime: end, clock: end }
    expect(() => access(scene)).toThrow(expect.objectContaining({ code: 'no-subscription' }))
    expect(() => access({ ...scene, paidEnd: end + 100, closedAt: end - 1 })).toThrow(/closed by its curator/)
  })

  it('counts confirmations from the block that began the access', () => {
    const scene = { headTime: end - 50, clock: end - 50, paidEnd: end, since: 8 }
    expect(access(scene, 3).tier).toBe('unconfirmed')
    expect(access(scene, 2).tier).toBe('paid')
  })
})

describe('checkHead', () => {
  const clock = 1_700_000_000
  const limits = persistenceLimits

  function chainAt(timestamp: number | undefined, number = 10): ChainView & { waits: number[] } {
    let head = timestamp === undefined ? undefined : { number, hash, timestamp }
    const waits: number[] = []
    return {
      waits,
      get head() {
        return head
      },
      accessOf: () => undefined,
      datasetOf: () => undefined,
      grantEpochOf: () => 0,
      isGrantRevoked: () => false,
      waitForBlock: ({ number: wanted }) => {
        waits.push(wanted)
        if (head !== undefined && wanted <= 12) head = { ...head, number: wanted }
        return Promise.resolve(wanted <= 12)
      },
    }
  }

  const check = (chain: ChainView, minBlock = 0) =>
    checkHead({ chain, minBlock, nowSeconds: () => clock, limits, signal: new AbortController().signal })
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      (error: unknown) => (error instanceof MarketplaceError ? error.code : error),
    )

  it.each([
    ['no head', undefined, 'chain-unavailable'],
    ['a head one second too old', clock - limits.maxHeadAgeSeconds - 1, 'chain-unavailable'],
    ['a head just fresh enough', clock - limits.maxHeadAgeSeconds, 'answered'],
    ['a head 30 s ahead', clock + 30, 'answered'],
    ['a head 31 s ahead', clock + 31, 'clock-skew'],
  ])('with %s', async (_what, timestamp, expected) => {
    expect(await codeOf(check(chainAt(timestamp)))).toBe(expected)
  })

  it('waits for a block that is about to come, and no longer than that', async () => {
    expect((await check(chainAt(clock), 12)).number).toBe(12)
    expect(await codeOf(check(chainAt(clock), 13))).toBe('chain-behind')
  })

  it('does not wait for a block far ahead', async () => {
    const chain = chainAt(clock)
    expect(await codeOf(check(chain, 10 + limits.maxBlocksAhead + 1))).toBe('chain-behind')
    expect(chain.waits).toEqual([])
  })
})
