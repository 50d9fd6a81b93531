import type { Hex } from '@enigma/protocol'
import { describe, expect, it } from 'vitest'
import { createProbeLimiter, createSampleLimiter } from './sample-limits.ts'

const one: Hex = `0x${'11'.repeat(32)}`
const other: Hex = `0x${'22'.repeat(32)}`

describe('createSampleLimiter', () => {
  const limits = { samplesPerPeer: 3, samplesPerAddress: 2, samplesPerDataset: 4 }
  const outcomes = (takes: { dataset?: Hex; peerId?: string; address?: string; at?: number }[]) => {
    const limiter = createSampleLimiter({ limits })
    return takes.map(({ dataset = one, peerId = 'relay', address = '/ip4/192.0.2.1/tcp/1', at = 0 }) => {
      try {
        limiter.take({ dataset, caller: { peerId, address }, nowSeconds: at })
        return 'ok'
      } catch (error) {
        return (error as { code: string }).code
      }
    })
  }

  it('bounds one address, whatever its port and peer', () => {
    const three = ['/ip4/192.0.2.1/tcp/1', '/ip4/192.0.2.1/tcp/2/ws', '/ip4/192.0.2.1/udp/3']
    expect(outcomes(three.map((address) => ({ address, peerId: address })))).toEqual(['ok', 'ok', 'sample-limited'])
  })

  it('bounds one IPv6 network of 64 bits, of which anyone has all the addresses', () => {
    const three = ['/ip6/2001:db8::1/tcp/1', '/ip6/2001:db8::2/tcp/1', '/ip6/2001:db8:0:0:a::3/udp/1']
    expect(outcomes(three.map((address) => ({ address, peerId: address })))).toEqual(['ok', 'ok', 'sample-limited'])
  })

  it('bounds one relay whoever is behind it', () => {
    expect(outcomes(['a', 'b', 'c', 'd'].map((name) => ({ address: `/dns4/${name}` })))).toEqual([
      'ok',
      'ok',
      'ok',
      'sample-limited',
    ])
  })

  it('bounds one dataset whoever asks, and leaves the others alone', () => {
    const five = ['p', 'q', 'r', 's', 't'].map((peerId) => ({ peerId, address: `/dns4/${peerId}` }))
    expect(outcomes([...five, { peerId: 'u', address: '/dns4/u', dataset: other }])).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
      'sample-limited',
      'ok',
    ])
  })

  it('starts afresh each minute', () => {
    expect(outcomes([{ at: 59 }, { at: 59 }, { at: 59 }, { at: 60 }])).toEqual(['ok', 'ok', 'sample-limited', 'ok'])
  })
})

describe('createProbeLimiter', () => {
  it('refuses in its own words', () => {
    const limiter = createProbeLimiter({ limits: { probesPerPeer: 2, probesPerAddress: 9, probesPerDataset: 9 } })
    const take = () => limiter.take({ dataset: one, caller: { peerId: 'relay', address: '/dns4/a' }, nowSeconds: 0 })
    for (let count = 0; count < 2; count++) take()
    expect(take).toThrow('asked how it is often enough')
  })
})
