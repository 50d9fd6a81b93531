import { expect, test } from 'vitest'
import { relayLimits } from './relay-limits.ts'
import { createUnlistedRecords } from './unlisted-records.ts'

const { unlistedRecords, unlistedPerSender } = relayLimits

function setUp({ protectedPeers = [], connected = [] }: { protectedPeers?: string[]; connected?: string[] } = {}) {
  const listed = new Set<string>()
  const kept = new Set<string>()
  const list = createUnlistedRecords({
    isListed: ({ peerId }) => listed.has(peerId),
    isProtected: (peerId) => protectedPeers.includes(peerId),
    connectedPeers: () => new Set(connected),
  })
  const bring = (peerId: string, sender: string, { now = 0, expiresAt = 1000 } = {}) => {
    if (!list.hasRoom({ peerId, sender }, now)) return false
    const dropped = list.add({ peerId, signer: '0x01', expiresAt, sender }, now)
    if (dropped !== undefined) kept.delete(dropped)
    kept.add(peerId)
    return true
  }
  const flood = (sender: string, count: number, expiresAt = 86_400) => {
    let taken = 0
    for (let index = 0; index < count; index++) if (bring(`${sender}-${index}`, sender, { expiresAt })) taken++
    return taken
  }
  return { listed, kept, bring, flood }
}

test('one sender has its share and no more', () => {
  const { bring, flood } = setUp()
  expect(flood('evil', 2000)).toBe(unlistedPerSender)
  expect(bring('honest', 'other')).toBe(true)
  expect(bring('evil-0', 'evil')).toBe(true)
})

test('many senders together drop nobody who has only a few, however soon those expire', () => {
  const { kept, bring, flood } = setUp()
  for (const peerId of ['one', 'two', 'three']) bring(peerId, 'honest', { expiresAt: 10 })
  for (let sender = 0; sender < 50; sender++) flood(`evil${sender}`, 300)
  expect(kept.size).toBe(unlistedRecords)
  expect([...kept]).toEqual(expect.arrayContaining(['one', 'two', 'three']))
  expect(bring('four', 'late')).toBe(true)
  expect(kept.has('four')).toBe(true)
})

test('bootstrap relays stay, and connected peers are dropped last', () => {
  const { kept, bring, flood } = setUp({ protectedPeers: ['bootstrap'], connected: ['here'] })
  flood('full', unlistedPerSender - 2)
  bring('bootstrap', 'full')
  bring('here', 'full')
  expect(bring('late', 'full')).toBe(false)
  for (let sender = 0; sender < 10; sender++) flood(`evil${sender}`, unlistedPerSender)
  expect(kept.size).toBe(unlistedRecords)
  expect(kept).toContain('bootstrap')
  expect(kept).toContain('here')
  expect(kept).not.toContain(`full-${unlistedPerSender - 3}`)
})

test('expired and listed records give their places back', () => {
  const { listed, bring, flood } = setUp()
  flood('sender', unlistedPerSender, 100)
  expect(bring('new', 'sender', { now: 99 })).toBe(false)
  listed.add('sender-0')
  expect(bring('new', 'sender', { now: 99 })).toBe(true)
  expect(bring('newer', 'sender', { now: 99 })).toBe(false)
  expect(bring('newer', 'sender', { now: 100 })).toBe(true)
})
