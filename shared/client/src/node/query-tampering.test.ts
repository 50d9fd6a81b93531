import type { AnswerPart, Hex, Receipt, SnapshotHead } from '@enigma/protocol'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, describe, expect, test } from 'vitest'
import { startTestNetwork, type TestNetwork } from './fixtures/test-network.ts'
import { rowOf, type Behaviour } from './fixtures/test-node.ts'

let network: TestNetwork | undefined
afterEach(async () => {
  await network?.stop()
  network = undefined
})

const other: Hex = `0x${'ee'.repeat(32)}`
const stranger = privateKeyToAccount(generatePrivateKey())
const changeReceipt = (change: Partial<Receipt>): Partial<Behaviour> => ({
  receipt: (receipt) => ({ ...receipt, ...change }),
})
const changeHead = (change: Partial<SnapshotHead>): Partial<Behaviour> => ({ head: (head) => ({ ...head, ...change }) })
const changePart = (change: (part: AnswerPart) => AnswerPart): Partial<Behaviour> => ({ part: change })

/** Every lie that a node can tell, by name. */
const lies: Record<string, Partial<Behaviour>> = {
  'a receipt of a stranger': { receiptSigner: stranger },
  'a receipt for another dataset': changeReceipt({ dataset: other }),
  'a receipt for another snapshot': changeReceipt({ snapshot: other }),
  'a receipt for another seq': changeReceipt({ seq: 8 }),
  'a receipt for another query': changeReceipt({ queryHash: other }),
  'a receipt for another result': changeReceipt({ resultHash: other }),
  'a receipt for more rows': changeReceipt({ rows: 301 }),
  'a receipt under another manifest': changeReceipt({ manifestHash: other }),
  'a receipt that claims determinism of another hash': changeReceipt({ deterministic: true }),
  'a head of a stranger': { publisher: stranger },
  'a head of another dataset': changeHead({ dataset: other }),
  'a head of another root': changeHead({ root: other }),
  'a head of another seq': changeHead({ seq: 9 }),
  'a schema of another seq': changePart((part) => (part.kind === 'schema' ? { ...part, seq: 6 } : part)),
  'a schema of other types': changePart((part) =>
    part.kind === 'schema' ? { ...part, columns: part.columns.map((each) => ({ ...each, type: 'double' })) } : part,
  ),
  'two schemas': changePart((part) =>
    part.kind === 'batch' ? { kind: 'schema', columns: [{ name: 'id', type: 'bigint' }], seq: 7 } : part,
  ),
  'fewer rows at the end': changePart((part) => (part.kind === 'end' ? { ...part, rows: 299 } : part)),
  'another hash at the end': changePart((part) => (part.kind === 'end' ? { ...part, resultHash: other } : part)),
  'a batch of fewer rows': changePart((part) => (part.kind === 'batch' ? { ...part, rows: 99 } : part)),
  'a batch that inflates to more': changePart((part) =>
    part.kind === 'batch' ? { ...part, inflatedBytes: part.inflatedBytes - 1 } : part,
  ),
  'a batch that inflates to less': changePart((part) =>
    part.kind === 'batch' ? { ...part, inflatedBytes: part.inflatedBytes + 1 } : part,
  ),
  'a deflated batch that is said to be none': changePart((part) =>
    part.kind === 'batch' ? { ...part, encoding: 'raw', inflatedBytes: part.arrow.length } : part,
  ),
  'a batch that is no Arrow': changePart((part) =>
    part.kind === 'batch' ? { ...part, arrow: Uint8Array.of(3, 0), inflatedBytes: 0 } : part,
  ),
}

describe('a node that lies is not believed, and the honest one is asked', () => {
  test.each(Object.entries(lies))('%s', async (_, lie) => {
    network = await startTestNetwork({ nodeCount: 2 })
    Object.assign(network.nodes[0]!.behaviour, lie)
    const result = await network.client.query(network.ask).collect()
    expect(network.nodes[0]!.asked).toHaveLength(1)
    expect(result.node.peerId).toBe(network.nodes[1]!.peerId)
    expect(result.rows).toEqual(Array.from({ length: 300 }, (_row, id) => rowOf(id)))
  })
})

test('more rows than were asked for are refused', async () => {
  network = await startTestNetwork()
  await expect(network.client.query({ ...network.ask, maxRows: 299 }).collect()).rejects.toMatchObject({
    code: 'answer-invalid',
  })
})

describe('a relay that tampers is left for another one', () => {
  const spoil: Record<string, (frame: Uint8Array, index: number) => Uint8Array[]> = {
    'a flipped bit': (frame, index) => [index === 2 ? frame.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) : frame],
    'a frame left out': (frame, index) => (index === 2 ? [] : [frame]),
    'a frame twice': (frame, index) => (index === 2 ? [frame, frame] : [frame]),
    'the end cut off': (frame, index) => (index < 3 ? [frame] : []),
    'another header': (frame, index) => [index === 0 ? frame.map((byte, at) => (at === 60 ? byte ^ 1 : byte)) : frame],
  }
  test.each(Object.entries(spoil))('%s', async (_, change) => {
    network = await startTestNetwork()
    const [first] = network.relays
    const { forward } = first!.mind
    first!.mind.forward = async function* (query) {
      let index = 0
      for await (const { frames, isLast } of forward(query)) {
        yield { frames: frames.flatMap((frame) => change(frame, index++)), isLast }
      }
    }
    const result = await network.client.query(network.ask).collect()
    expect(result.rows).toHaveLength(300)
    expect(first!.forwarded).toBe(1)
    expect(result.transport.remotePeer).toBe(network.relays[1]!.peerId)
  })
})

describe('what a relay says of a dataset is checked', () => {
  test('another manifest than the one on chain is refused, and the other relay believed', async () => {
    network = await startTestNetwork()
    const decoy = await network.list('decoy', 1)
    network.relays[0]!.mind.locate = () => ({ manifest: decoy.signed, records: [] })
    await expect(network.client.dataset(network.numbers.path)).resolves.toMatchObject({ id: network.numbers.id })
    network.relays[1]!.mind.locate = () => ({ manifest: decoy.signed, records: [] })
    await expect(network.client.dataset(network.numbers.path)).rejects.toMatchObject({ code: 'manifest-mismatch' })
  })

  test("a dataset whose chain hash names another's manifest is refused", async () => {
    network = await startTestNetwork()
    const thief = await network.list('thief', 1)
    const config = { ...network.chain.datasets.get(thief.id)!.config, metadataHash: network.numbers.hash }
    network.chain.datasets.get(thief.id)!.config = config
    for (const { mind } of network.relays) mind.locate = () => ({ manifest: network!.numbers.signed, records: [] })
    await expect(network.client.dataset(thief.path)).rejects.toMatchObject({ code: 'manifest-mismatch' })
  })

  test('a record with a lower seq than one seen before is not used', async () => {
    network = await startTestNetwork()
    const [node] = network.nodes
    const [old, recent] = [await node!.record({ seq: 4 }), await node!.record({ seq: 5 })]
    const manifest = network.numbers.signed
    for (const { mind } of network.relays) mind.locate = () => ({ manifest, records: [recent] })
    await expect(network.client.dataset(network.numbers.path)).resolves.toMatchObject({ nodes: [{ seq: 5 }] })
    for (const { mind } of network.relays) mind.locate = () => ({ manifest, records: [old] })
    await expect(network.client.dataset(network.numbers.path)).rejects.toMatchObject({ code: 'no-node' })
  })

  test('a record of a signer that the manifest does not name is not used', async () => {
    network = await startTestNetwork({ nodeCount: 2 })
    const lone = await network.list('lone', 1, [network.nodes[0]!])
    const records = [await network.nodes[1]!.record()]
    for (const { mind } of network.relays) mind.locate = () => ({ manifest: lone.signed, records })
    await expect(network.client.dataset(lone.path)).rejects.toMatchObject({ code: 'no-node' })
  })
})
