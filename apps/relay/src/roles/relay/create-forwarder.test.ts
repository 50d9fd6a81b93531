import { type FramedStream, framesOfGroups, type StreamPool } from '@enigma/network'
import type { Connection } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { createForwarder } from './create-forwarder.ts'
import { createNextHops } from './next-hops.ts'

const alive = Uint8Array.of(4)
const oneByte = Uint8Array.of(1, 7)
const route = { audience: 'node', dataset: `0x${'22'.repeat(32)}`, queryId: new Uint8Array(16), ttl: 1 } as const

/** A forwarder whose next hop sends what `next` says every 4 s of a clock that only this moves. */
function setUp(next: () => Uint8Array) {
  let now = 0
  let opened = 0
  let hasReset = false
  const channel: FramedStream = {
    read() {
      if (now > 7_200_000) expect.fail('It is read for ever.')
      now += 4000
      return Promise.resolve(next())
    },
    write: () => Promise.resolve(),
    close: () => Promise.resolve(),
    finish: () => Promise.resolve(),
    abort: () => (hasReset = true),
    take: () => undefined,
    bufferedBytes: 0,
    isWritable: true,
    isIdle: true,
    lost: new AbortController().signal,
  }
  const streams: StreamPool = {
    take: () => Promise.resolve((opened++, { channel, isUsed: false, giveBack: () => undefined })),
    warm: () => Promise.resolve(),
    leave: () => undefined,
    close: () => undefined,
  }
  const connections = ['node', 'relay'].map((peerId) => ({ remotePeer: peerId, status: 'open' }) as never as Connection)
  const hops = createNextHops({
    node: { getConnections: () => connections, dial: () => expect.fail(), peerId: 'self' as never },
    nodeRecordOf: () =>
      ({
        multiaddrs: ['/ip4/192.0.2.1/tcp/1/p2p/12D3KooWJtd2FDv5k6KVu9BwsFZNt5qTa3fu5pq43Rbfw7Nd2HLu/p2p-circuit'],
      }) as never,
    nowMs: () => now,
  })
  const forward = createForwarder({ hops, streams, nowMs: () => now })
  const ask = async () => {
    const remote = { peerId: 'asker', address: '/ip4/192.0.2.2/tcp/1' }
    const { signal } = new AbortController()
    const groups = forward({ route, sealed: new Uint8Array(1), remote, signal })
    for await (const frame of framesOfGroups(groups)) expect(frame).toHaveLength(1)
  }
  return { ask, state: () => ({ now, opened, hasReset }) }
}

test('a node that only says that it is alive is given up, and no other hop is tried', async () => {
  const { ask, state } = setUp(() => alive)
  await expect(ask()).rejects.toMatchObject({ code: 'timeout' })
  expect(state().now).toBeLessThanOrEqual(664_000)
  expect(state()).toMatchObject({ opened: 1, hasReset: true })
})

test('so is one that sends its answer byte by byte', async () => {
  const { ask, state } = setUp(() => oneByte)
  await expect(ask()).rejects.toMatchObject({ code: 'timeout' })
  expect(state().now).toBeLessThanOrEqual(20 * 60_000 + 4000)
  expect(state()).toMatchObject({ opened: 1, hasReset: true })
})
