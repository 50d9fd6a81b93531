import type { Hex } from '@enigma/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  advance,
  dropAfterBlocks,
  isClearable,
  isOpen,
  isWatched,
  type Transaction,
  type TransactionEvent,
} from './transaction.ts'

const hash: Hex = '0xaa'
const faster: Hex = '0xbb'
const place = { nonce: 3, fromBlock: 10, to: '0x01', data: '0x02' } as const
const error = { message: 'no' }
const start: Transaction = {
  ...{ id: '1', kind: 'cancel', path: 'a/b', account: '0x0a', chainId: 31337, createdAtMs: 0 },
  place: undefined,
  state: { name: 'checking' },
}
const mined = (confirmations: number, blockHash: Hex = '0xb1', of: Hex = hash): TransactionEvent => ({
  ...{ name: 'mined', hash: of, blockNumber: 11, blockHash, confirmations },
  outcome: { kind: 'cancel', refund: 5n },
})
const signing: TransactionEvent = { name: 'signing', place }
const sent: TransactionEvent = { name: 'sent', hash, block: 10 }
const after = (...events: TransactionEvent[]) => events.reduce(advance, start)

describe('before it is sent', () => {
  test('check, permit, signature, sent, mined', () => {
    expect(after({ name: 'permit' }).state).toEqual({ name: 'permit' })
    expect(after({ name: 'permit' }, signing)).toMatchObject({ state: { name: 'signing' }, place })
    expect(after(signing, sent).state).toMatchObject({ name: 'pending', hash, seenBlock: 10 })
    expect(after(signing, sent, mined(1)).state).toMatchObject({ name: 'mined', confirmations: 1 })
  })

  test.each<[string, TransactionEvent[]]>([
    ['the simulation', []],
    ['the permit', [{ name: 'permit' }]],
    ['the transaction', [signing]],
  ])('a refusal of %s ends it, and nothing is open', (_, events) => {
    const failed = after(...events, { name: 'failed', error })
    expect(failed.state).toEqual({ name: 'failed', error })
    expect(isOpen(failed)).toBe(false)
    expect(isClearable(failed)).toBe(true)
  })

  test('a page that goes away before the wallet was asked to send leaves nothing open', () => {
    expect(after({ name: 'permit' }, { name: 'orphaned' }).state.name).toBe('failed')
  })

  test('a page that goes away while the wallet is asked leaves it open until it is found or cleared', () => {
    const unanswered = after(signing, { name: 'orphaned' })
    expect(unanswered.state.name).toBe('unanswered')
    expect([isOpen(unanswered), isClearable(unanswered), isWatched(unanswered, 0)]).toEqual([true, true, true])
    expect(advance(unanswered, sent).state).toMatchObject({ name: 'pending', hash })
  })

  test('a wallet that is not waited for: a permit is over, a transaction may still come or be refused', () => {
    expect(after({ name: 'permit' }, { name: 'left' }).state.name).toBe('failed')
    const left = after(signing, { name: 'left' })
    expect(left.state).toEqual({ name: 'unanswered', isLeft: true })
    expect(advance(left, sent).state).toMatchObject({ name: 'pending', hash })
    expect(advance(left, { name: 'failed', error }).state).toEqual({ name: 'failed', error })
  })
})

describe('after it was sent', () => {
  test('a late refusal changes nothing: it may still be mined', () => {
    const pending = after(signing, sent)
    expect(advance(pending, { name: 'failed', error })).toBe(pending)
    expect(isClearable(pending)).toBe(false)
  })

  test('confirmations count up', () => {
    expect(after(sent, mined(1), mined(2)).state).toMatchObject({ name: 'mined', confirmations: 2 })
    const twice = after(sent, mined(2))
    expect(advance(twice, mined(2))).toBe(twice)
  })

  test('sped up: the new hash is followed, and news of the old one are stale', () => {
    const spedUp = after(sent, { name: 'replaced', hash, by: faster, block: 11, reason: 'repriced' })
    expect(spedUp.state).toMatchObject({ name: 'pending', hash: faster, isSpedUp: true })
    expect(advance(spedUp, { name: 'missing', hash, block: 99 })).toBe(spedUp)
    expect(advance(spedUp, mined(1, '0xb1', faster)).state).toMatchObject({ name: 'mined', hash: faster })
  })

  test.each([
    ['cancelled', true],
    ['other', false],
  ] as const)('%s in the wallet', (reason, isCancelled) => {
    const replaced = after(sent, { name: 'replaced', hash, by: faster, block: 11, reason })
    expect(replaced.state).toEqual({ name: 'replaced', hash, by: faster, isCancelled })
    expect(isOpen(replaced)).toBe(false)
  })

  test('dropped after some blocks in which no node has it, counted from when one last had it', () => {
    const seen: TransactionEvent = { name: 'seen', hash, block: 30 }
    const missing = (block: number): TransactionEvent => ({ name: 'missing', hash, block })
    expect(after(sent, seen, missing(30 + dropAfterBlocks - 1)).state.name).toBe('pending')
    const dropped = after(sent, seen, missing(30 + dropAfterBlocks))
    expect(dropped.state).toEqual({ name: 'dropped', hash })
    expect([isOpen(dropped), isClearable(dropped)]).toEqual([false, true])
    expect(advance(dropped, seen).state.name).toBe('pending')
    expect(advance(dropped, mined(1)).state.name).toBe('mined')
  })

  test('reorganised out: back to pending, then mined again in another block', () => {
    const back = after(sent, mined(2), { name: 'seen', hash, block: 12 })
    expect(back.state).toMatchObject({ name: 'pending', isBack: true, seenBlock: 12 })
    expect(advance(back, mined(1, '0xb2')).state).toMatchObject({ name: 'mined', blockHash: '0xb2' })
    expect(after(sent, mined(2), { name: 'missing', hash, block: 12 }).state).toMatchObject({ isBack: true })
    expect(after(sent, mined(2), mined(1, '0xb2')).state).toMatchObject({ blockHash: '0xb2', confirmations: 1 })
  })

  test('is watched until no reorganisation is likely', () => {
    expect(isWatched(after(sent, mined(1)), 1)).toBe(true)
    expect(isWatched(after(sent, mined(12)), 1)).toBe(false)
    expect(isWatched(after(sent, mined(12)), 30)).toBe(true)
  })

  test('reverted', () => {
    expect(after(sent, { name: 'reverted', hash, error }).state).toEqual({ name: 'reverted', hash, error })
  })
})

test('what was once sent never counts as unsent again, whatever comes', () => {
  const hashes = fc.constantFrom<Hex>(hash, faster)
  const block = fc.integer({ min: 0, max: 60 })
  const event: fc.Arbitrary<TransactionEvent> = fc.oneof(
    fc.constantFrom<TransactionEvent>(signing, { name: 'permit' }, { name: 'orphaned' }, { name: 'failed', error }),
    fc.record({ name: fc.constantFrom('sent', 'seen', 'missing'), hash: hashes, block }),
    fc.record({
      ...{ name: fc.constant('replaced' as const), hash: hashes, by: hashes, block },
      reason: fc.constantFrom('repriced', 'cancelled', 'other'),
    }),
    fc.tuple(fc.integer({ min: 1, max: 20 }), hashes).map(([confirmations, of]) => mined(confirmations, '0xb1', of)),
  )
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const end = events.reduce(advance, after(signing, sent))
      expect(['checking', 'permit', 'signing', 'unanswered', 'failed']).not.toContain(end.state.name)
    }),
  )
})
