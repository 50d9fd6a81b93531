import { createQueryId, createStreamPool, handleQueries, type QueryHandler, sendQuery } from '@enigma/network'
import { protocolIds } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { addressesOf, createCleanup, peerIdOf, startHost } from '../../../test/network/support/nodes.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

/** A relay that passes queries on to nodes which never answer, and how many it holds. */
async function setUp(limits: { maxPerAudience?: number; maxPerAddress?: number; queryTotalMs?: number }) {
  const relay = await startHost({ cleanup, kind: 'public' })
  let held = 0
  const forward: QueryHandler = async function* ({ signal }) {
    held++
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    held--
    yield* []
  }
  const onError = (error: unknown) => expect.fail(String(error))
  const server = await handleQueries({ host: relay.node, peerId: peerIdOf(relay), forward, onError, ...limits })
  cleanup.add(() => server.stop())
  const ask = async () => {
    const { node } = await startHost({ cleanup, kind: 'public', listen: [] })
    const connection = await node.dial(addressesOf(relay).map((text) => multiaddr(text)))
    const streams = createStreamPool({ protocol: protocolIds.query, size: 0 })
    return async (audience: string) => {
      const route = { audience, dataset: `0x${'22'.repeat(32)}`, queryId: createQueryId(), ttl: 1 } as const
      for await (const { frames } of sendQuery({ streams, connection, route, sealed: new Uint8Array(1) })) {
        expect.fail(`${frames.length} frames`)
      }
    }
  }
  const audiences = await Promise.all(['one', 'two'].map(() => startHost({ cleanup, kind: 'public', listen: [] })))
  return { ask, held: () => held, one: peerIdOf(audiences[0]!), two: peerIdOf(audiences[1]!) }
}

test('queries to one node leave places for the others', async () => {
  const { ask, held, one, two } = await setUp({ maxPerAudience: 2 })
  const query = await ask()
  const waiting = [query(one), query(one)].map((each) => each.catch(() => undefined))
  await vi.waitFor(() => expect(held()).toBe(2))
  await expect(query(one)).rejects.toMatchObject({ code: 'busy' })
  waiting.push(query(two).catch(() => undefined))
  await vi.waitFor(() => expect(held()).toBe(3))
  await cleanup.run()
  await Promise.all(waiting)
})

test('many peers of one address have no more places than one address may', async () => {
  const { ask, held, one } = await setUp({ maxPerAddress: 2 })
  const queries = await Promise.all([ask(), ask(), ask()])
  const waiting = queries.slice(0, 2).map((query) => query(one).catch(() => undefined))
  await vi.waitFor(() => expect(held()).toBe(2))
  await expect(queries[2](one)).rejects.toMatchObject({ code: 'busy' })
  await cleanup.run()
  await Promise.all(waiting)
})

test('a place is given back when the time of a query is over', async () => {
  const { ask, held, one } = await setUp({ queryTotalMs: 200, maxPerAudience: 1 })
  const query = await ask()
  await expect(query(one)).rejects.toMatchObject({ code: 'no-route' })
  expect(held()).toBe(0)
  await expect(query(one)).rejects.toMatchObject({ code: 'no-route' })
})
