import { type Deployment, typedDataTypes } from '@enigma/protocol'
import fc from 'fast-check'
import { bytesToHex, hashTypedData } from 'viem'
import { expect, test } from 'vitest'
import { hashFlat, isFlat } from './hash-flat-struct.ts'
import { hashTyped, type Messages, typedDataOf } from './typed-data.ts'

const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => bytesToHex(array))
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const text = fc.string({ unit: 'binary', maxLength: 80 })
const deployments = fc.record({ chainId: fc.nat(), marketplace: hex(20) })

const messages = {
  Receipt: fc.record({
    dataset: hex(32),
    snapshot: hex(32),
    seq: uint64,
    queryHash: hex(32),
    resultHash: hex(32),
    rows: uint64,
    manifestHash: hex(32),
    engineId: text,
    deterministic: fc.boolean(),
    issuedAt: uint64,
  }),
  SnapshotHead: fc.record({ dataset: hex(32), seq: uint64, previousRoot: hex(32), root: hex(32), createdAt: uint64 }),
  Manifest: fc.record({ dataset: hex(32), version: uint64, manifestHash: hex(32) }),
  NodeRecord: fc.record({ peerId: text, seq: uint64, expiresAt: uint64, recordHash: hex(32) }),
} satisfies Partial<{ [Type in keyof Messages]: fc.Arbitrary<Messages[Type]> }>

const viemHash = (type: keyof typeof messages, message: Messages[typeof type], deployment: Deployment) =>
  hashTypedData(typedDataOf(type, message, deployment) as Parameters<typeof hashTypedData>[0])

test.each(Object.keys(messages) as (keyof typeof messages)[])('%s hashes as viem does', (type) => {
  expect(isFlat(typedDataTypes[type])).toBe(true)
  const every = messages[type] as fc.Arbitrary<Messages[typeof type]>
  fc.assert(
    fc.property(every, deployments, (message, deployment) => {
      expect(hashTyped(type, message, deployment)).toBe(viemHash(type, message, deployment))
    }),
  )
})

test('types with other members are not flat', () => {
  expect(isFlat(typedDataTypes.Grant)).toBe(false)
  expect(isFlat(typedDataTypes.NodeAcceptance)).toBe(false)
})

test('a value that does not fit its member is refused', () => {
  const fields = [
    { name: 'hash', type: 'bytes32' },
    { name: 'count', type: 'uint64' },
    { name: 'flag', type: 'bool' },
    { name: 'text', type: 'string' },
  ]
  const fitting = { hash: `0x${'ab'.repeat(32)}`, count: 1n, flag: true, text: 'a' }
  const deployment: Deployment = { chainId: 1, marketplace: `0x${'cd'.repeat(20)}` }
  const hash = (change: object) =>
    hashFlat({ primaryType: 'Test', fields, message: { ...fitting, ...change }, deployment })
  expect(hash({})).toMatch(/^0x[0-9a-f]{64}$/)
  const misfits: object[] = [
    { hash: `0x${'ab'.repeat(31)}` },
    { hash: `0x${'zz'.repeat(32)}` },
    { count: -1n },
    { count: 2n ** 64n },
    { count: 1 },
    { flag: 1n },
    { text: undefined },
  ]
  for (const change of misfits) expect(() => hash(change)).toThrow(RangeError)
})
