import { describe, expect, it } from 'vitest'
import { accountShareOf, persistenceLimits } from './persistence-limits.ts'
import { createQueryGate } from './query-gate.ts'

const limits = {
  maxUnverified: 3,
  maxUnverifiedPerCaller: 2,
  maxQueries: 2,
  maxQueriesPerAccount: 1,
  maxSamples: 3,
  maxSamplesPerCaller: 2,
  maxProbes: 1,
  maxProbesPerCaller: 1,
}
const callerAt = (address: string) => ({ peerId: `peer of ${address}`, address })
const [one, other] = [callerAt('/ip4/192.0.2.1/tcp/1'), callerAt('/ip4/192.0.2.2/tcp/1')]
const withCode = (code: string) => expect.objectContaining({ code }) as Error

describe('createQueryGate', () => {
  it('is busy beyond its places and free when one is left', () => {
    const gate = createQueryGate({ limits })
    const leave = gate.enterQuery('0xaa')
    gate.enterQuery('0xbb')
    expect(() => gate.enterQuery('0xcc')).toThrow(withCode('busy'))
    leave()
    leave()
    expect(gate.underWay).toBe(1)
    gate.enterQuery('0xcc')
  })

  it('bounds each account by itself, also when the node was busy', () => {
    const gate = createQueryGate({ limits })
    const leave = gate.enterQuery('0xaa')
    const leaveOther = gate.enterQuery('0xbb')
    expect(() => gate.enterQuery('0xaa')).toThrow(withCode('rate-limited'))
    expect(() => gate.enterQuery('0xcc')).toThrow(withCode('busy'))
    leave()
    leaveOther()
    gate.enterQuery('0xcc')
    gate.enterQuery('0xaa')
  })

  it.each(['enterUnverified', 'enterSample'] as const)(
    '%s takes an IPv6 network of 64 bits for one caller',
    (enter) => {
      const gate = createQueryGate({ limits })
      for (const host of [1, 2]) gate[enter](callerAt(`/ip6/2001:db8::${host}/tcp/1`))
      expect(() => gate[enter](callerAt('/ip6/2001:db8::3/tcp/1'))).toThrow(withCode('busy'))
      gate[enter](callerAt('/ip6/2001:db8:0:1::1/tcp/1'))
    },
  )

  it.each(['enterUnverified', 'enterSample'] as const)('%s bounds each caller and all of them', (enter) => {
    const gate = createQueryGate({ limits })
    const leave = gate[enter](one)
    gate[enter]({ ...callerAt('/ip4/192.0.2.1/udp/9'), peerId: 'another of the same host' })
    expect(() => gate[enter](one)).toThrow(withCode('busy'))
    gate[enter](other)
    expect(() => gate[enter](other)).toThrow(withCode('busy'))
    leave()
    gate[enter](one)
    expect(gate.underWay).toBe(3)
  })

  it('gives no kind of query the places of another', () => {
    const gate = createQueryGate({ limits })
    for (const caller of [one, one, other]) gate.enterSample(caller)
    for (const caller of [one, one, other]) gate.enterUnverified(caller)
    gate.enterQuery('0xaa')
    gate.enterQuery('0xbb')
    expect(gate.underWay).toBe(8)
  })
})

describe('the share of one account', () => {
  it('is the same part of all places however many there are, and never none', () => {
    const { maxQueries, maxQueriesPerAccount } = persistenceLimits
    expect(accountShareOf(maxQueries)).toBe(maxQueriesPerAccount)
    expect([1, 4, 100].map(accountShareOf)).toEqual([1, 1, 25])
  })
})
