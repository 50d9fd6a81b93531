import type { FrameGroup } from '@enigma/network'
import { limits, MarketplaceError, protocolIds } from '@enigma/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import type { Batch } from '../query/batch.ts'
import { startTestNetwork, type TestNetwork } from './fixtures/test-network.ts'
import { rowOf } from './fixtures/test-node.ts'

let network: TestNetwork | undefined
afterEach(async () => {
  await network?.stop()
  network = undefined
})

const ids = (count: number) => Array.from({ length: count }, (_, id) => rowOf(id))

/** The relay that carried a query. */
const usedRelay = ({ relays }: TestNetwork) => relays.find(({ forwarded }) => forwarded > 0)!

describe('an honest network', () => {
  test('gives each row once, verified, and says how it travelled', async () => {
    network = await startTestNetwork()
    const stages: string[] = []
    const run = network.client.query({ ...network.ask, onProgress: ({ stage }) => stages.push(stage) })
    const result = await run.collect()
    expect(result.rows).toEqual(ids(300))
    expect(result).toMatchObject({ rowCount: 300, attempts: 1, path: 'blind', isTruncated: false })
    expect(result.transport).toMatchObject({ kind: 'tcp', isLimited: false })
    expect(result.transport.remotePeer).toBe(usedRelay(network).peerId)
    expect([...new Set(stages)]).toEqual(['find', 'connect', 'verify', 'run', 'decrypt'])
  })

  test('checks deterministic results row by row', async () => {
    network = await startTestNetwork()
    network.nodes[0]!.behaviour.deterministic = true
    const result = await network.client.query(network.ask).collect()
    expect(result.facts.deterministic).toBe(true)
    expect(result.rows).toEqual(ids(300))
  })

  test('asks the node itself on the direct path', async () => {
    network = await startTestNetwork()
    const result = await network.client.query({ ...network.ask, path: 'direct' }).collect()
    expect(result.transport.remotePeer).toBe(network.nodes[0]!.peerId)
    expect(network.relays.map(({ forwarded }) => forwarded)).toEqual([0, 0])
  })

  test('keeps a receipt that can be checked again', async () => {
    network = await startTestNetwork()
    const { receipt, node } = await network.client.query(network.ask).collect()
    await expect(network.client.verifyReceipt({ signed: receipt, signer: node.signer })).resolves.toEqual(
      receipt.receipt,
    )
    const signed = { ...receipt, receipt: { ...receipt.receipt, rows: 1 } }
    await expect(network.client.verifyReceipt({ signed, signer: node.signer })).rejects.toThrow(MarketplaceError)
  })
})

describe('an account that has only a trial', () => {
  const startTrial = async () => {
    network = await startTestNetwork()
    const { behaviour, asked } = network.nodes[0]!
    behaviour.maxRows = limits.trialRows
    behaviour.part = (part) => (part.kind === 'end' ? { ...part, truncated: true } : part)
    return { asked, client: network.client, ask: network.ask }
  }

  test('is asked for as many rows as a trial allows, and is told that there are more', async () => {
    const { asked, client, ask } = await startTrial()
    const result = await client.query(ask).collect()
    expect(result).toMatchObject({ rowCount: 300, isTruncated: true, attempts: 1 })
    expect(asked.map(({ maxRows }) => maxRows)).toEqual([100_000, limits.trialRows])
  })

  test('that names more rows itself is refused', async () => {
    const { asked, client, ask } = await startTrial()
    const query = client.query({ ...ask, maxRows: limits.trialRows + 1 })
    await expect(query.collect()).rejects.toMatchObject({ code: 'limit-too-high' })
    expect(asked).toHaveLength(1)
  })

  test('that is refused a trial’s rows, too, is not asked again', async () => {
    const { asked, client, ask } = await startTrial()
    network!.nodes[0]!.behaviour.maxRows = 10
    await expect(client.query(ask).collect()).rejects.toMatchObject({ code: 'limit-too-high' })
    expect(asked).toHaveLength(2)
  })
})

describe('a relay dies after the first batch', () => {
  /** Holds the first answer after its first batch until the test lets it go; later answers pass. */
  async function startHeld() {
    const started = await startTestNetwork()
    const held = Promise.withResolvers<undefined>()
    const reached = Promise.withResolvers<undefined>()
    let answers = 0
    started.nodes[0]!.behaviour.beforeBatch = async (index) => {
      if (index === 0) answers++
      if (index === 1 && answers === 1) {
        reached.resolve(undefined)
        await held.promise
      }
    }
    return { started, held, reached }
  }

  test('and collect gives each row exactly once by the other relay', async () => {
    const { started, held } = await startHeld()
    network = started
    let isKilled = false
    const beforeMs = performance.now()
    const run = network.client.query({
      ...network.ask,
      onProgress: ({ stage }) => {
        if (stage !== 'decrypt' || isKilled) return
        isKilled = true
        void usedRelay(started).stop()
      },
    })
    const result = await run.collect()
    held.resolve(undefined)
    expect(result.rows).toEqual(ids(300))
    expect(result.attempts).toBe(2)
    expect(performance.now() - beforeMs).toBeLessThan(20_000)
    const [first, second] = started.nodes[0]!.asked
    expect(second!.nonce).not.toBe(first!.nonce)
    expect(second!.replyKey).not.toBe(first!.replyKey)
  })

  test('and one who iterates is told that what came before is void', async () => {
    const { started, held } = await startHeld()
    network = started
    const batches: Batch[] = []
    const run = network.client.query(network.ask)
    for await (const batch of run) {
      batches.push(batch)
      if (batches.length === 1) await usedRelay(started).stop()
    }
    held.resolve(undefined)
    expect(batches.map(({ attempt, isRestart }) => [attempt, isRestart])).toEqual([
      [1, false],
      [2, true],
      [2, false],
      [2, false],
    ])
    expect((await run.result).rowCount).toBe(300)
  })

  test('and without another one the asker learns it within 20 s', async () => {
    network = await startTestNetwork({ relayCount: 1 })
    const beforeMs = performance.now()
    const run = network.client.query(network.ask)
    const consume = async () => {
      for await (const batch of run) if (batch.attempt === 1 && !batch.isRestart) await network!.relays[0]!.stop()
    }
    network.nodes[0]!.behaviour.beforeBatch = (index) =>
      index === 0 ? Promise.resolve() : new Promise(() => undefined)
    await expect(consume()).rejects.toMatchObject({ code: expect.stringMatching(/^no-(relay|node)$/) as string })
    await expect(run.result).rejects.toThrow(MarketplaceError)
    expect(performance.now() - beforeMs).toBeLessThan(20_000)
  })
})

test('a relay that falls silent is left for another one within 20 s', async () => {
  network = await startTestNetwork()
  const silent = network.relays[0]!
  await silent.host.unhandle(protocolIds.query)
  await silent.host.handle(protocolIds.query, () => undefined, { maxInboundStreams: 100 })
  const beforeMs = performance.now()
  const result = await network.client.query(network.ask).collect()
  expect(result.rows).toEqual(ids(300))
  expect(result.transport.remotePeer).toBe(network.relays[1]!.peerId)
  expect(performance.now() - beforeMs).toBeLessThan(20_000)
})

test('the next node is asked when the first one is busy, and the relay keeps its place', async () => {
  network = await startTestNetwork({ nodeCount: 2 })
  network.nodes[0]!.behaviour.refuse = new MarketplaceError({ code: 'chain-behind', message: 'Not yet.' })
  const result = await network.client.query(network.ask).collect()
  expect(result.node.peerId).toBe(network.nodes[1]!.peerId)
  expect(network.relays.filter(({ forwarded }) => forwarded > 0)).toHaveLength(1)
})

test("a sealed refusal is the node's last word", async () => {
  network = await startTestNetwork({ nodeCount: 2 })
  network.nodes[0]!.behaviour.refuse = new MarketplaceError({ code: 'sql-refused', message: 'Not this.' })
  await expect(network.client.query(network.ask).collect()).rejects.toMatchObject({ code: 'sql-refused' })
  expect(network.nodes[1]!.asked).toEqual([])
})

test('a relay that is a node of the dataset is never used for the blind path', async () => {
  network = await startTestNetwork({ relayCount: 1, nodeCount: 1, relayIsNode: true })
  await expect(network.client.query(network.ask).collect()).rejects.toMatchObject({ code: 'no-relay' })
  expect(network.relays[0]!.forwarded).toBe(0)
})

test('an abort ends the query and cancels it at the relay', async () => {
  network = await startTestNetwork()
  const controller = new AbortController()
  const cancelled = Promise.withResolvers<undefined>()
  for (const { mind } of network.relays) {
    mind.forward = async function* ({ signal }) {
      const ended = new Promise<FrameGroup>((_, reject) => {
        signal.addEventListener('abort', () => {
          cancelled.resolve(undefined)
          reject(new Error('cancelled'))
        })
      })
      controller.abort()
      yield await ended
    }
  }
  const run = network.client.query({ ...network.ask, signal: controller.signal })
  await expect(run.collect()).rejects.toMatchObject({ code: 'aborted' })
  await cancelled.promise
})

test('one who leaves the loop cancels the query', async () => {
  network = await startTestNetwork()
  const held = new Promise<void>(() => undefined)
  network.nodes[0]!.behaviour.beforeBatch = (index) => (index === 0 ? Promise.resolve() : held)
  const cancelled = Promise.withResolvers<undefined>()
  for (const { mind } of network.relays) {
    const { forward } = mind
    mind.forward = (query) => {
      query.signal.addEventListener('abort', () => cancelled.resolve(undefined))
      return forward(query)
    }
  }
  const beforeMs = performance.now()
  const run = network.client.query(network.ask)
  for await (const { rowCount } of run) {
    expect(rowCount).toBe(100)
    break
  }
  await expect(run.result).rejects.toMatchObject({ code: 'aborted' })
  await cancelled.promise
  expect(performance.now() - beforeMs).toBeLessThan(5_000)
})

test('a query runs once', async () => {
  network = await startTestNetwork()
  const run = network.client.query(network.ask)
  await run.collect()
  await expect(run.collect()).rejects.toThrow(TypeError)
})

test('without a session nothing is asked', async () => {
  network = await startTestNetwork()
  const account = `0x${'99'.repeat(20)}` as const
  await expect(network.client.query({ ...network.ask, account }).collect()).rejects.toMatchObject({
    code: 'no-session',
  })
  expect(network.nodes[0]!.asked).toEqual([])
})
