import { MarketplaceError } from '@enigma/protocol'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, expect, test } from 'vitest'
import { startTestNetwork, type TestNetwork } from './fixtures/test-network.ts'

let network: TestNetwork | undefined
afterEach(async () => {
  await network?.stop()
  network = undefined
})

async function start() {
  network = await startTestNetwork({ nodeCount: 3 })
  // The question has one row at most.
  for (const { behaviour } of network.nodes) behaviour.batches = 0
  const { nodes, client, numbers } = network
  const [first, second, third] = nodes as [TestNetwork['nodes'][0], TestNetwork['nodes'][0], TestNetwork['nodes'][0]]
  return { first, second, third, check: () => client.health({ dataset: numbers.path }) }
}

test('every node answers: its word and the newest head, each verified', async () => {
  const { first, second, third, check } = await start()
  first.behaviour.head = (head) => ({ ...head, seq: 6, root: `0x${'06'.repeat(32)}` })
  first.behaviour.receipt = (receipt) => ({ ...receipt, seq: 6, snapshot: `0x${'06'.repeat(32)}` })
  first.behaviour.part = (part) => (part.kind === 'schema' ? { ...part, seq: 6 } : part)
  const { nodes, newest } = await check()
  expect(nodes.map(({ seq }) => seq)).toEqual([6, 7, 7])
  expect(nodes[1]).toMatchObject({ peerId: second.peerId, hasRecord: true, isReachable: true, engine: 'test' })
  expect(nodes[1]?.roundTripMs).toBeGreaterThan(0)
  expect(newest).toMatchObject({ head: { seq: 7 }, heldBy: [second.peerId, third.peerId] })
})

test('who refuses is there, who lies or is gone is not', async () => {
  const { first, second, check } = await start()
  first.behaviour.refuse = new MarketplaceError({ code: 'sample-limited', message: 'Enough for now.' })
  second.behaviour.publisher = privateKeyToAccount(generatePrivateKey())
  const { nodes, newest } = await check()
  expect(nodes).toMatchObject([
    { isReachable: true, failure: 'sample-limited', seq: undefined },
    { isReachable: false, failure: 'snapshot-invalid', seq: undefined },
    { isReachable: true, failure: undefined, seq: 7 },
  ])
  expect(newest?.heldBy).toEqual([nodes[2]?.peerId])
})

test('nobody answers: no head, and no error', async () => {
  const { first, second, third, check } = await start()
  for (const { behaviour } of [first, second, third]) {
    behaviour.refuse = new MarketplaceError({ code: 'snapshot-unknown', message: 'None yet.' })
  }
  expect(await check()).toMatchObject({ newest: undefined })
})
