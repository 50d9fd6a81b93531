import { describe, expect, it } from 'vitest'
import { createQueryGate } from './query-gate.ts'

describe('createQueryGate', () => {
  const limits = { maxQueries: 2, maxQueriesPerAccount: 1 }

  it('is busy beyond its places and free when one is left', () => {
    const gate = createQueryGate({ limits })
    const leave = gate.enter()
    gate.enter()
    expect(() => gate.enter()).toThrow(expect.objectContaining({ code: 'busy' }))
    leave()
    expect(gate.underWay).toBe(1)
    gate.enter()
  })

  it('bounds each account by itself', () => {
    const gate = createQueryGate({ limits })
    const leave = gate.enterAccount('0xaa')
    gate.enterAccount('0xbb')
    expect(() => gate.enterAccount('0xaa')).toThrow(expect.objectContaining({ code: 'rate-limited' }))
    leave()
    gate.enterAccount('0xaa')
  })
})
