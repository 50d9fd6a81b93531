import { describe, expect, test } from 'vitest'
import { createRelayList, type RelayList } from './relay-list.ts'
import type { RelayMemo } from './types.ts'

const peers = [
  '12D3KooWMbgZDuFndXQbfZMVeEect4yLuUXCprMtR7MHUEC4E9JR',
  '12D3KooWEqLEAZrvUWRxkSNmAwpGN4SzbixLEaaJzEw97hZxY9x8',
  '12D3KooWS4UrtVc5GvuYNT2vbhMcZqgQguRvn6kWv5kU1E6J1Jpe',
]
const [a, b, c] = peers as [string, string, string]

function listOf(memos: readonly RelayMemo[] = [], count = 3) {
  const saved: (readonly RelayMemo[])[] = []
  const clock = { seconds: 1000 }
  const list = createRelayList({
    addresses: peers.slice(0, count).flatMap((peer) => [1, 2].map((port) => `/ip4/1.2.3.4/tcp/${port}/ws/p2p/${peer}`)),
    memory: { memos, save: (kept) => saved.push(kept) },
    nowSeconds: () => clock.seconds,
    onChange: () => undefined,
  })
  return { list, saved, clock }
}

const order = (list: RelayList) => list.all().map(({ peerId }) => peerId)
const relayOf = (list: RelayList, peerId: string) => list.all().find((each) => each.peerId === peerId)!

test('one relay for all addresses of a peer, in the order of the file', () => {
  const { list } = listOf()
  expect(order(list)).toEqual([a, b, c])
  expect(list.all()[0]!.addresses).toHaveLength(2)
})

test('an address without a peer is refused by name', () => {
  const parameters = { nowSeconds: () => 0, onChange: () => undefined }
  expect(() => createRelayList({ addresses: ['/ip4/1.2.3.4/tcp/1'], ...parameters })).toThrow(
    expect.objectContaining({ code: 'setting-invalid' }),
  )
})

describe('memory', () => {
  test('the one that answered last comes first, strangers after the known', () => {
    const { list } = listOf([
      { peerId: b, answeredAt: 10, isPreferred: false },
      { peerId: c, answeredAt: 20, isPreferred: false },
      { peerId: 'of another network', answeredAt: 30, isPreferred: true },
    ])
    expect(order(list)).toEqual([c, b, a])
  })

  test('an answer is remembered, and not written down at each one', () => {
    const { list, saved, clock } = listOf()
    list.prefer(relayOf(list, b))
    expect(order(list)).toEqual([b, a, c])
    expect(saved).toEqual([[{ peerId: b, answeredAt: 1_000_000, isPreferred: false }]])
    clock.seconds += 10
    list.prefer(relayOf(list, b))
    expect(saved).toHaveLength(1)
    clock.seconds += 60
    list.prefer(relayOf(list, b))
    expect(saved).toHaveLength(2)
  })

  test('a failure is forgotten with its relay', () => {
    const { list, saved } = listOf([{ peerId: a, answeredAt: 10, isPreferred: false }])
    list.demote(relayOf(list, a))
    expect(order(list)).toEqual([b, c, a])
    expect(saved).toEqual([[]])
  })
})

describe("the user's choice", () => {
  test('comes before whatever answers, is kept, and can be taken back', () => {
    const { list, saved } = listOf()
    list.choose(c)
    expect(order(list)).toEqual([c, a, b])
    list.prefer(relayOf(list, b))
    expect(order(list)).toEqual([c, b, a])
    expect(saved.at(-1)).toContainEqual({ peerId: c, answeredAt: 0, isPreferred: true })
    list.choose(undefined)
    expect(order(list)).toEqual([b, c, a])
    expect(saved.at(-1)).toEqual([{ peerId: b, answeredAt: 1_000_000, isPreferred: false }])
  })

  test('gives way while it fails, and is not forgotten', () => {
    const { list } = listOf([{ peerId: c, answeredAt: 0, isPreferred: true }])
    expect(order(list)).toEqual([c, a, b])
    const chosen = relayOf(list, c)
    list.note(chosen, { state: 'failed', error: new AggregateError([new Error('refused')]) })
    list.demote(chosen)
    list.prefer(relayOf(list, a))
    expect(order(list)).toEqual([a, b, c])
    expect(list.facts().at(-1)).toMatchObject({ isPreferred: true, state: 'failed', failures: 1, lastError: 'refused' })
    list.note(chosen, { state: 'connected' })
    list.prefer(chosen)
    expect(order(list)).toEqual([c, a, b])
    expect(list.facts()[0]).toMatchObject({ state: 'connected', failures: 0, lastConnectedAt: 1_000_000 })
  })
})
