import type { FrameGroup, IncomingQuery } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import { describe, expect, test } from 'vitest'
import { watchForwards } from './watch-forwards.ts'

const groupOf = (bytes: number, isLast: boolean): FrameGroup => ({ frames: [new Uint8Array(bytes)], isLast })
const gone = new AbortController()
const query = (signal: AbortSignal): IncomingQuery => ({
  sealed: new Uint8Array(1),
  route: { audience: 'node', dataset: `0x${'22'.repeat(32)}`, queryId: new Uint8Array(16), ttl: 1 },
  remote: { peerId: 'asker', address: '/ip4/192.0.2.2/tcp/1' },
  signal,
})

/** A forwarder that has two groups for the asker, of which `failure` may take the second, and what is told of it. */
function setUp(failure?: Error) {
  const told: unknown[] = []
  const forward = watchForwards(
    async function* (_query, observer) {
      await Promise.resolve()
      observer?.onBuffered?.(30)
      yield groupOf(20, false)
      if (failure !== undefined) throw failure
      observer?.onBuffered?.(10)
      yield groupOf(10, true)
    },
    () => ({
      onBuffered: (bytes) => told.push(`holds ${bytes}`),
      onPassed: (bytes) => told.push(`passed ${bytes}`),
      onEnd: (error) => told.push(error instanceof MarketplaceError ? error.code : error),
    }),
  )
  return { forward, told }
}

describe('watchForwards', () => {
  test('tells what is held and passed on, and that an answer was whole', async () => {
    const { forward, told } = setUp()
    for await (const { frames } of forward(query(new AbortController().signal))) expect(frames).toHaveLength(1)
    expect(told).toEqual([
      'holds 30',
      'passed 20',
      'holds 10',
      'holds 10',
      'passed 10',
      'holds 0',
      'holds 0',
      undefined,
    ])
  })

  test('tells what ended one that was not, and holds nothing afterwards', async () => {
    const failure = new MarketplaceError({ code: 'no-route', message: 'No way.' })
    const { forward, told } = setUp(failure)
    const groups = forward(query(new AbortController().signal))[Symbol.asyncIterator]()
    await groups.next()
    await expect(groups.next()).rejects.toBe(failure)
    expect(told.slice(-2)).toEqual(['holds 0', 'no-route'])
  })

  test('tells of an asker who left, by whatever error that came out', async () => {
    const early = setUp()
    for await (const { isLast } of early.forward(query(new AbortController().signal))) {
      expect(isLast).toBe(false)
      break
    }
    expect(early.told.at(-1)).toBe('aborted')
    const late = setUp(new Error('reset'))
    const groups = late.forward(query(gone.signal))[Symbol.asyncIterator]()
    await groups.next()
    gone.abort()
    await expect(groups.next()).rejects.toThrow('reset')
    expect(late.told.at(-1)).toBe('aborted')
  })
})
