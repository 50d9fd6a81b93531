import {
  datasetIdOf,
  type Deployment,
  encodeManifest,
  encodeNodeRecord,
  hashManifest,
  type Hex,
  limits,
  type Manifest,
  type NodeRecord,
  type Receipt,
  type SnapshotHead,
  zeroHash,
} from '@enigma/protocol'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { privateKeyToAccount } from 'viem/accounts'
import { bytesToHex } from 'viem/utils'
import { beforeAll, describe, expect, test } from 'vitest'
import { fromBareHex } from './fixtures/bare-hex.ts'
import { createQueryKeyPair } from './hpke.ts'
import {
  signHead,
  signManifest,
  signNodeAcceptance,
  signNodeRecord,
  signReceipt,
  verifyHead,
  verifyManifest,
  verifyNodeRecord,
  verifyReceipt,
} from './records.ts'

const deployment: Deployment = { chainId: 31337, marketplace: `0x${'ab'.repeat(20)}` }
const otherDeployments: Deployment[] = [
  { ...deployment, chainId: 1 },
  { ...deployment, marketplace: `0x${'ac'.repeat(20)}` },
]
const curator = privateKeyToAccount(`0x${'01'.repeat(32)}`)
const node = privateKeyToAccount(`0x${'02'.repeat(32)}`)
const stranger = privateKeyToAccount(`0x${'03'.repeat(32)}`)
const addressOf = ({ address }: { address: Hex }) => address.toLowerCase() as Hex
const hash = (byte: string): Hex => `0x${byte.repeat(32)}`
const now = 1_800_000_000

/** Flips one bit of byte `at`. */
function flip(signature: Hex, at: number): Hex {
  const bytes = fromBareHex(signature.slice(2))
  return bytesToHex(bytes.with(at, bytes[at]! ^ (1 << (at % 8))))
}

/** The same signature with the other s: valid for a lax verifier. */
function malleate(signature: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0')
  return `${signature.slice(0, 66)}${s}${signature.endsWith('1b') ? '1c' : '1b'}` as Hex
}

describe('receipts', () => {
  const receipt: Receipt = {
    dataset: hash('d1'),
    snapshot: hash('d2'),
    seq: 4,
    queryHash: hash('d3'),
    resultHash: hash('d4'),
    rows: 5,
    manifestHash: hash('d5'),
    engineId: 'duckdb',
    deterministic: false,
    issuedAt: now,
  }
  /** A new field does not compile until it is here. */
  const changes: { [Key in keyof Receipt]: Receipt[Key] } = {
    dataset: hash('e1'),
    snapshot: hash('e1'),
    seq: 3,
    queryHash: hash('e1'),
    resultHash: hash('e1'),
    rows: 6,
    manifestHash: hash('e1'),
    engineId: 'duckdb2',
    deterministic: true,
    issuedAt: now + 1,
  }
  const refused = { code: 'signature-invalid' }
  const signer = addressOf(node)

  test('hold for their signer and deployment alone', async () => {
    const signed = await signReceipt({ receipt, signer: node, deployment })
    await expect(verifyReceipt({ signed, signer, deployment })).resolves.toEqual(receipt)
    await expect(verifyReceipt({ signed, signer: addressOf(stranger), deployment })).rejects.toMatchObject(refused)
    const renamed = { ...signed, signer: addressOf(stranger) }
    await expect(verifyReceipt({ signed: renamed, signer, deployment })).rejects.toMatchObject(refused)
    await expect(verifyReceipt({ signed: renamed, signer: renamed.signer, deployment })).rejects.toMatchObject(refused)
    for (const other of otherDeployments) {
      await expect(verifyReceipt({ signed, signer, deployment: other })).rejects.toMatchObject(refused)
    }
  })

  test.each(Object.entries(changes))('are refused with another %s', async (field, value) => {
    const signed = await signReceipt({ receipt, signer: node, deployment })
    const tampered = { ...signed, receipt: { ...receipt, [field]: value } }
    await expect(verifyReceipt({ signed: tampered, signer, deployment })).rejects.toMatchObject(refused)
  })

  test('are refused after any flip in the signature, and with its other s', async () => {
    const signed = await signReceipt({ receipt, signer: node, deployment })
    const signatures = Array.from({ length: 65 }, (_, at) => flip(signed.signature, at))
    for (const signature of [...signatures, malleate(signed.signature)]) {
      await expect(verifyReceipt({ signed: { ...signed, signature }, signer, deployment })).rejects.toMatchObject(
        refused,
      )
    }
  })
})

describe('snapshot heads', () => {
  const head: SnapshotHead = { dataset: hash('d1'), seq: 2, previousRoot: hash('d2'), root: hash('d3'), createdAt: now }
  const changes: { [Key in keyof SnapshotHead]: SnapshotHead[Key] } = {
    dataset: hash('e1'),
    seq: 3,
    previousRoot: zeroHash,
    root: hash('e1'),
    createdAt: now + 1,
  }
  const refused = { code: 'snapshot-invalid' }
  const publisher = addressOf(curator)

  test('hold for the publisher that the chain names alone', async () => {
    const signed = await signHead({ head, signer: curator, deployment })
    await expect(verifyHead({ signed, publisher, deployment })).resolves.toEqual(head)
    const forged = { ...(await signHead({ head, signer: stranger, deployment })), publisher }
    await expect(verifyHead({ signed: forged, publisher, deployment })).rejects.toMatchObject(refused)
    await expect(verifyHead({ signed, publisher: addressOf(stranger), deployment })).rejects.toMatchObject(refused)
    for (const other of otherDeployments) {
      await expect(verifyHead({ signed, publisher, deployment: other })).rejects.toMatchObject(refused)
    }
  })

  test.each(Object.entries(changes))('are refused with another %s', async (field, value) => {
    const signed = await signHead({ head, signer: curator, deployment })
    const tampered = { ...signed, head: { ...head, [field]: value } }
    await expect(verifyHead({ signed: tampered, publisher, deployment })).rejects.toMatchObject(refused)
  })

  test('are refused after any flip in the signature', async () => {
    const signed = await signHead({ head, signer: curator, deployment })
    for (let at = 0; at < 65; at++) {
      const tampered = { ...signed, signature: flip(signed.signature, at) }
      await expect(verifyHead({ signed: tampered, publisher, deployment })).rejects.toMatchObject(refused)
    }
  })
})

describe('node records', () => {
  let record: NodeRecord
  let peerSign: (message: Uint8Array) => Promise<Uint8Array>
  let strangerSign: typeof peerSign

  beforeAll(async () => {
    const [key, other] = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('Ed25519')])
    const query = await createQueryKeyPair()
    peerSign = async (message) => key.sign(message)
    strangerSign = async (message) => other.sign(message)
    record = {
      v: 1,
      peerId: peerIdFromPrivateKey(key).toString(),
      signer: addressOf(node),
      roles: ['persistence'],
      multiaddrs: ['/ip4/127.0.0.1/tcp/1/ws'],
      queryKey: query.publicKeyHex,
      keyId: query.keyId,
      datasets: [hash('d1')],
      seq: 7,
      issuedAt: now,
      expiresAt: now + 3600,
    }
  })
  const sign = (change: Partial<NodeRecord> = {}, by = peerSign, signer = node) =>
    signNodeRecord({ record: { ...record, ...change }, signer, peerSign: by, deployment })
  const verify = (signed: Awaited<ReturnType<typeof sign>>, more: { lowestSeq?: number; nowSeconds?: number } = {}) =>
    verifyNodeRecord({ signed, deployment, nowSeconds: now, ...more })

  test('hold with both signatures', async () => {
    await expect(verify(await sign())).resolves.toEqual(record)
    await expect(verify(await sign(), { lowestSeq: 7 })).resolves.toEqual(record)
  })

  test.each<[string, () => Partial<NodeRecord>, string]>([
    ['for longer than a day', () => ({ expiresAt: now + limits.nodeRecordSeconds + 1 }), 'node-record-invalid'],
    ['from the future', () => ({ issuedAt: now + 31 }), 'node-record-invalid'],
    ['that end before they begin', () => ({ expiresAt: now - 1 }), 'node-record-invalid'],
    ['that ended', () => ({ issuedAt: now - 10, expiresAt: now }), 'node-record-stale'],
    ['of another key id', () => ({ keyId: '0x0102030405060708' }), 'node-record-invalid'],
    ['of another signer', () => ({ signer: addressOf(stranger) }), 'node-record-invalid'],
    ['of a peerId that is none', () => ({ peerId: '1'.repeat(50) }), 'node-record-invalid'],
    [
      'of a peerId without a key',
      () => ({ peerId: 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N' }),
      'node-record-invalid',
    ],
  ])('are refused %s', async (_name, change, code) => {
    await expect(verify(await sign(change()))).rejects.toMatchObject({ code })
  })

  test('are refused with a lower seq, and of another deployment', async () => {
    const signed = await sign()
    await expect(verify(signed, { lowestSeq: 8 })).rejects.toMatchObject({ code: 'node-record-stale' })
    for (const other of otherDeployments) {
      const refused = verifyNodeRecord({ signed, deployment: other, nowSeconds: now })
      await expect(refused).rejects.toMatchObject({ code: 'node-record-invalid' })
    }
  })

  test('are refused when either key is a stranger', async () => {
    await expect(verify(await sign({}, strangerSign))).rejects.toMatchObject({ code: 'node-record-invalid' })
    await expect(verify(await sign({}, peerSign, stranger))).rejects.toMatchObject({ code: 'node-record-invalid' })
  })

  test('are refused with any field changed behind the signatures', async () => {
    const signed = await sign()
    const query = await createQueryKeyPair()
    const changes: Record<Exclude<keyof NodeRecord, 'v'>, Partial<NodeRecord>> = {
      peerId: { peerId: '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5' },
      signer: { signer: addressOf(stranger) },
      roles: { roles: ['relay'] },
      multiaddrs: { multiaddrs: ['/ip4/127.0.0.1/tcp/2/ws'] },
      queryKey: { queryKey: query.publicKeyHex, keyId: query.keyId },
      keyId: { keyId: query.keyId },
      datasets: { datasets: [] },
      accepts: { accepts: true },
      seq: { seq: 8 },
      issuedAt: { issuedAt: now - 1 },
      expiresAt: { expiresAt: now + 3601 },
    }
    for (const change of Object.values(changes)) {
      const tampered = { ...signed, record: encodeNodeRecord({ ...record, ...change }) }
      await expect(verify(tampered)).rejects.toMatchObject({ code: 'node-record-invalid' })
    }
  })

  test('are refused after any flip in any byte', async () => {
    const signed = await sign()
    const code = expect.stringMatching(/^node-record-(invalid|stale)$/) as string
    for (let at = 0; at < signed.record.length; at += 3) {
      const tampered = { ...signed, record: signed.record.with(at, signed.record[at]! ^ (1 << (at % 8))) }
      await expect(verify(tampered)).rejects.toMatchObject({ code })
    }
    for (let at = 0; at < 64; at++) {
      for (const field of ['signature', 'peerSignature'] as const) {
        await expect(verify({ ...signed, [field]: flip(signed[field], at) })).rejects.toMatchObject({ code })
      }
    }
  })
})

describe('manifests', () => {
  const name = 'coinbase_data'
  const dataset = datasetIdOf({ curator: addressOf(curator), name })
  const peerId = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'
  let manifest: Manifest

  beforeAll(async () => {
    const accepted = await signNodeAcceptance({
      node: { peerId, roles: ['persistence'] },
      dataset,
      signer: node,
      deployment,
    })
    manifest = {
      v: 1,
      curator: addressOf(curator),
      name,
      version: 1,
      title: 'Coinbase data',
      description: '',
      licence: 'CC0',
      tags: [],
      tables: [{ name: 'candles', columns: [{ name: 'close', type: 'double', encryption: 'none' }] }],
      sample: [],
      trialSeconds: 0,
      publisher: addressOf(curator),
      storage: { engine: 'duckdb', place: 'local' },
      nodes: [accepted],
      limits: { maxRows: 100, timeoutSeconds: 10 },
    }
  })
  const sign = (change: Partial<Manifest> = {}, signer = curator) =>
    signManifest({ manifest: { ...manifest, ...change }, signer, deployment })

  test('hold with their curator, their hash and their nodes', async () => {
    const signed = await sign()
    const expectedHash = hashManifest(signed.manifest)
    await expect(verifyManifest({ signed, deployment, expectedHash })).resolves.toEqual(manifest)
    await expect(verifyManifest({ signed, deployment })).resolves.toEqual(manifest)
  })

  test('are refused against another hash', async () => {
    const refused = verifyManifest({ signed: await sign(), deployment, expectedHash: hash('e1') })
    await expect(refused).rejects.toMatchObject({ code: 'manifest-mismatch' })
  })

  test('are refused of a stranger and of another deployment', async () => {
    await expect(verifyManifest({ signed: await sign({}, stranger), deployment })).rejects.toMatchObject({
      code: 'manifest-invalid',
    })
    for (const other of otherDeployments) {
      await expect(verifyManifest({ signed: await sign(), deployment: other })).rejects.toMatchObject({
        code: 'manifest-invalid',
      })
    }
  })

  test('are refused with a node that accepted something else', async () => {
    const [accepted] = manifest.nodes
    const others = [
      { ...accepted!, roles: ['persistence', 'worker'] as ('persistence' | 'worker')[] },
      { ...accepted!, peerId: `${peerId.slice(0, -1)}6` },
      { ...accepted!, signer: addressOf(stranger) },
      { ...accepted!, acceptance: flip(accepted!.acceptance, 5) },
      await signNodeAcceptance({ node: accepted!, dataset: hash('e1'), signer: node, deployment }),
    ]
    for (const other of others) {
      const signed = await sign({ nodes: [accepted!, other] })
      await expect(verifyManifest({ signed, deployment })).rejects.toMatchObject({ code: 'manifest-invalid' })
    }
  })

  test('are refused after any change of content or signature', async () => {
    const signed = await sign()
    const refused = { code: 'manifest-invalid' }
    const renamed = encodeManifest({ ...manifest, title: 'Other data' })
    await expect(verifyManifest({ signed: { ...signed, manifest: renamed }, deployment })).rejects.toMatchObject(
      refused,
    )
    for (let at = 0; at < signed.manifest.length; at += 3) {
      const bytes = signed.manifest.with(at, signed.manifest[at]! ^ (1 << (at % 8)))
      await expect(verifyManifest({ signed: { ...signed, manifest: bytes }, deployment })).rejects.toMatchObject(
        refused,
      )
    }
    for (let at = 0; at < 65; at += 2) {
      const tampered = { ...signed, signature: flip(signed.signature, at) }
      await expect(verifyManifest({ signed: tampered, deployment })).rejects.toMatchObject(refused)
    }
  })
})
