import type { Hex } from '@enigma/protocol'
import { describe, expect, it } from 'vitest'
import { createSampleLimiter } from './sample-limits.ts'

const one: Hex = `0x${'11'.repeat(32)}`
const other: Hex = `0x${'22'.repeat(32)}`

describe('createSampleLimiter', () => {
  const limits = { samplesPerPeer: 3, samplesPerRemote: 2, samplesPerDataset: 4 }
  const outcomes = (takes: { dataset?: Hex; peerId?: string; remote?: string; at?: number }[]) => {
    const limiter = createSampleLimiter({ limits })
    return takes.map(({ dataset = one, peerId = 'relay', remote = 'a', at = 0 }) => {
      try {
        limiter.take({ dataset, caller: { peerId, remote }, nowSeconds: at })
        return 'ok'
      } catch (error) {
        return (error as { code: string }).code
      }
    })
  }

  it('bounds one remote', () => {
    expect(outcomes([{}, {}, {}])).toEqual(['ok', 'ok', 'sample-limited'])
  })

  it('bounds one relay whoever is behind it', () => {
    expect(outcomes([{ remote: 'a' }, { remote: 'b' }, { remote: 'c' }, { remote: 'd' }])).toEqual([
      'ok',
      'ok',
      'ok',
      'sample-limited',
    ])
  })

  it('bounds one dataset whoever asks, and leaves the others alone', () => {
    const five = ['p', 'q', 'r', 's', 't'].map((peerId) => ({ peerId }))
    expect(outcomes([...five, { peerId: 'u', dataset: other }])).toEqual([
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
