import { generateKeyPair } from '@libp2p/crypto/keys'
import { createQueryKeyPair, signNodeRecord } from '@enigma/crypto'
import type { Hex, SignedNodeRecord } from '@enigma/protocol'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, expect, test, vi } from 'vitest'
import { createDataset, createTestChain, deployment, newAccount } from '../../../test/network/support/datasets.ts'
import { openDatabase } from '../../store/open-database.ts'
import { createCatalogueStore } from './catalogue-store.ts'
import { createRelayCatalogue } from './relay-catalogue.ts'
import { relayLimits } from './relay-limits.ts'
import { relayMigrations } from './relay-migrations.ts'

const now = 1_000_000
const account = newAccount()
let queryKey: Awaited<ReturnType<typeof createQueryKeyPair>>
beforeAll(async () => {
  queryKey = await createQueryKeyPair()
})

async function newNode(signer = account) {
  const key = await generateKeyPair('Ed25519')
  const peerId = peerIdFromPrivateKey(key).toString()
  const record = (seq: number, expiresAt = now + 3600): Promise<SignedNodeRecord> => {
    const { publicKeyHex, keyId } = queryKey
    return signNodeRecord({
      record: {
        v: 1,
        peerId,
        signer: signer.address.toLowerCase() as Hex,
        roles: ['relay'],
        multiaddrs: [],
        queryKey: publicKeyHex,
        keyId,
        datasets: [],
        seq,
        issuedAt: now,
        expiresAt,
      },
      signer,
      deployment,
      peerSign: async (message) => key.sign(message),
    })
  }
  return { peerId, record, signer, key }
}

function setUp(database = openDatabase({ path: ':memory:', migrations: relayMigrations })) {
  const store = createCatalogueStore({ database })
  const records = vi.spyOn(store, 'records')
  const catalogue = createRelayCatalogue({ store, deployment, nowSeconds: () => now, chain: createTestChain() })
  const bring = (signed: SignedNodeRecord, sender: string) =>
    catalogue.accept({ kind: 'record', signed }, { waitMs: 0, sender })
  return { database, catalogue, bring, records }
}

test('records that cost nothing push no honest one out, and are not read again for each new one', async () => {
  const { database, catalogue, bring, records } = setUp()
  const honest = await newNode()
  await bring(await honest.record(1), 'ip4 192.0.2.1')
  records.mockClear()
  for (let index = 0; index < relayLimits.unlistedPerSender; index++) {
    await bring(await (await newNode()).record(1, now + 86_000), 'ip4 192.0.2.66')
  }
  const over = await (await newNode()).record(1, now + 86_000)
  await expect(bring(over, 'ip4 192.0.2.66')).rejects.toMatchObject({ code: 'busy' })
  expect(records).not.toHaveBeenCalled()
  expect(catalogue.seqOf(honest.peerId)).toBe(1)
  expect(await bring(await honest.record(2), 'ip4 192.0.2.66')).toEqual({ isNew: true })
  const restarted = setUp(database)
  await expect(restarted.bring(over, 'ip4 192.0.2.66')).rejects.toMatchObject({ code: 'busy' })
  expect(await restarted.bring(over, 'ip4 192.0.2.2')).toEqual({ isNew: true })
})

test('a node that a manifest lists is taken from whoever brings it', async () => {
  const database = openDatabase({ path: ':memory:', migrations: relayMigrations })
  const store = createCatalogueStore({ database })
  const chain = createTestChain()
  const catalogue = createRelayCatalogue({ store, deployment, nowSeconds: () => now, chain })
  const bring = (signed: SignedNodeRecord) => catalogue.accept({ kind: 'record', signed }, { waitMs: 0, sender: 'one' })
  for (let index = 0; index < relayLimits.unlistedPerSender; index++) await bring(await (await newNode()).record(1))
  const node = await newNode()
  await expect(bring(await node.record(1))).rejects.toMatchObject({ code: 'busy' })
  const host = { node: { peerId: node.peerId } } as never
  const dataset = await createDataset({ name: 'prices', nodes: [{ host, account, roles: ['persistence'] }] })
  chain.list(dataset)
  await catalogue.accept({ kind: 'manifest', signed: dataset.signed }, { waitMs: 0 })
  expect(await bring(await node.record(1))).toEqual({ isNew: true })
  expect(catalogue.locate(dataset.dataset)?.records).toHaveLength(1)
})
