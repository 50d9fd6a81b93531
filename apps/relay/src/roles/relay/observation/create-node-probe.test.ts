import { createStreamPool, handleQueries } from '@enigma/network'
import { type NodeRecord, protocolIds } from '@enigma/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import { afterEach, expect, test } from 'vitest'
import { addressesOf, createCleanup, peerIdOf, startHost } from '../../../../test/network/support/nodes.ts'
import { startScene } from '../../persistence/fixtures/answer-scene.ts'
import { dataset, deployment } from '../../persistence/fixtures/query-scene.ts'
import { createNextHops } from '../next-hops.ts'
import { createNodeProbe } from './create-node-probe.ts'
import type { OpenDataset } from './look-at-dataset.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

/** A relay that has a record of a node with a real engine. */
async function setUp() {
  const scene = await startScene({ rows: 20 })
  cleanup.add(() => scene.stop())
  const node = await startHost({ cleanup, kind: 'public' })
  const relay = await startHost({ cleanup, kind: 'relay' })
  const onError = (error: unknown) => expect.fail(String(error))
  const server = await handleQueries({ host: node.node, peerId: peerIdOf(node), answer: scene.role.answer, onError })
  cleanup.add(() => server.stop())
  const { queryKey, keyId } = scene.keys.current
  const known = { peerId: peerIdOf(node), signer: scene.signer, multiaddrs: addressesOf(node), queryKey, keyId }
  const record = known as never as NodeRecord
  const streams = createStreamPool({ protocol: protocolIds.query })
  cleanup.add(() => {
    streams.close()
    return Promise.resolve()
  })
  const nowMs = () => performance.now()
  const hops = createNextHops({ node: relay.node, nodeRecordOf: () => record, nowMs })
  const probe = createNodeProbe({ hops, streams, deployment, nowSeconds: () => scene.clock.seconds, nowMs })
  const publisher = privateKeyToAccount(`0x${'04'.repeat(32)}`).address.toLowerCase() as OpenDataset['publisher']
  const open: OpenDataset = { id: dataset, metadataHash: scene.manifestHash, publisher, nodes: [] }
  const ask = (changes: Partial<OpenDataset> = {}) =>
    probe({ ...open, ...changes }, record, new AbortController().signal)
  return { ask, node, scene }
}

test(
  'a real node shows its newest head, of the publisher that the chain names; one that is gone is no error',
  { timeout: 90_000 },
  async () => {
    const { ask, node, scene } = await setUp()
    expect(await ask()).toMatchObject({ isReachable: true, failure: undefined, head: { dataset, seq: 1 } })
    await scene.publish(20, 30)
    await scene.service.settle()
    expect(await ask()).toMatchObject({ head: { seq: 2 }, tables: [{ name: 'candles', rows: 30 }] })
    expect(await ask({ publisher: `0x${'99'.repeat(20)}` })).toMatchObject({
      head: undefined,
      failure: 'snapshot-invalid',
    })
    expect(scene.errors).toEqual([])
    await node.stop()
    expect(await ask()).toMatchObject({ isReachable: false, head: undefined, failure: 'no-route' })
  },
)
