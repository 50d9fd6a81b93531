import { afterEach, expect, test, vi } from 'vitest'
import { announce, fetchPage, locateDataset } from '@enigma/network'
import { createQueryKeyPair, signManifest } from '@enigma/crypto'
import { decodeNodeRecord, type Hex } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../../src/host/create-host.ts'
import { createNodeRecordAnnouncer } from '../../src/host/node-record-announcer.ts'
import { createSettingsStore, settingsMigrations } from '../../src/store/settings-store.ts'
import { openDatabase } from '../../src/store/open-database.ts'
import { createDataset, createRecord, createTestChain, deployment, newAccount, nowSeconds } from './support/datasets.ts'
import { addressesOf, createCleanup, peerIdOf, startHost } from './support/nodes.ts'
import { startRelay } from './support/relays.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const connect = (from: Host, to: Host) => from.node.dial(addressesOf(to).map((text) => multiaddr(text)))

test('what is announced at one relay is found at another by gossip', async () => {
  const chain = createTestChain()
  const one = await startRelay({ cleanup, chain })
  const two = await startRelay({ cleanup, chain })
  await connect(one.host, two.host)
  await vi.waitFor(() => expect(one.host.gossip?.getSubscribers('/enigma/announce/1.0.0').length).toBe(1))
  const host = await startHost({ cleanup, kind: 'public' })
  const node = { host, account: newAccount(), roles: ['persistence' as const] }
  const dataset = await createDataset({ name: 'prices', nodes: [node] })
  chain.list(dataset)
  const connection = await connect(host, one.host)
  expect(await announce({ connection, item: { kind: 'manifest', signed: dataset.signed } })).toEqual({ isNew: true })
  expect(await announce({ connection, item: { kind: 'manifest', signed: dataset.signed } })).toEqual({ isNew: false })
  const signed = await createRecord({ node, seq: 1 })
  await announce({ connection, item: { kind: 'record', signed } })
  const other = await connect(host, two.host)
  await vi.waitFor(
    async () => {
      const { manifest, records } = await locateDataset({ connection: other, dataset: dataset.dataset })
      expect(manifest).toEqual(dataset.signed)
      expect(records).toEqual([signed])
    },
    { timeout: 20_000, interval: 100 },
  )
  expect([...one.errors, ...two.errors]).toEqual([])
})

test('a relay that joins late catches up, in rank order with ties by age', async () => {
  const chain = createTestChain()
  const first = await startRelay({ cleanup, chain })
  const datasets = await Promise.all([
    createDataset({ name: 'younger', rank: 5n, registeredBlock: 9 }),
    createDataset({ name: 'older', rank: 5n, registeredBlock: 2 }),
    createDataset({ name: 'best', rank: 10n ** 30n, registeredBlock: 20 }),
  ])
  chain.list(...datasets)
  for (const { signed } of datasets) await first.role.announceOwn({ kind: 'manifest', signed })
  const late = await startRelay({ cleanup, chain })
  await connect(late.host, first.host)
  const client = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await connect(client, late.host)
  await vi.waitFor(
    async () => {
      const page = await fetchPage({ connection, page: { sort: 'rank', offset: 0, limit: 50 } })
      expect(page.entries.map(({ listing }) => listing.name)).toEqual(['best', 'older', 'younger'])
    },
    { timeout: 20_000, interval: 100 },
  )
  const found = await fetchPage({ connection, page: { text: 'price', sort: 'relevance', offset: 1, limit: 1 } })
  expect(found.total).toBe(3)
  expect(found.entries).toHaveLength(1)
  expect(found.entries[0]?.listing.rank).toBeTypeOf('bigint')
  const best = found.entries[0]!.listing
  const own = { curator: best.curator, minRate: best.rate, maxRate: best.rate }
  const narrowed = await fetchPage({ connection, page: { ...own, sort: 'rank', offset: 0, limit: 50 } })
  expect(narrowed.entries.map(({ listing }) => listing.name)).toEqual([best.name])
  const curated = await fetchPage({ connection, page: { isCurated: true, sort: 'rank', offset: 0, limit: 50 } })
  expect(curated).toEqual({ total: 0, entries: [] })
})

test('what the chain does not name is never stored', async () => {
  const relay = await startRelay({ cleanup, chainWaitMs: 200 })
  const client = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await connect(client, relay.host)
  const curator = newAccount()
  const listed = await createDataset({ name: 'prices', curator })
  const altered = await createDataset({ name: 'prices', curator, version: 2 })
  relay.chain.list(listed)
  const refused = announce({ connection, item: { kind: 'manifest', signed: altered.signed } })
  await expect(refused).rejects.toMatchObject({ code: 'manifest-mismatch' })
  expect(relay.role.locate(listed.dataset)).toBeUndefined()
  const forged = await signManifest({ manifest: listed.manifest, signer: newAccount(), deployment })
  await expect(announce({ connection, item: { kind: 'manifest', signed: forged } })).rejects.toMatchObject({
    code: 'manifest-invalid',
  })
  await announce({ connection, item: { kind: 'manifest', signed: listed.signed } })
  expect(relay.role.locate(listed.dataset)?.manifest).toEqual(listed.signed)
})

test('a manifest that comes before its transaction is seen waits for the chain', async () => {
  const relay = await startRelay({ cleanup })
  const client = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await connect(client, relay.host)
  const dataset = await createDataset({ name: 'early' })
  const announced = announce({ connection, item: { kind: 'manifest', signed: dataset.signed } })
  await vi.waitFor(() => expect(relay.host.node.getConnections()[0]?.streams.length).toBeGreaterThan(0))
  relay.chain.list(dataset)
  relay.role.chainChanged()
  expect(await announced).toEqual({ isNew: true })
})

test('a record with a lower number or a wrong signer is refused, and the newer one stays', async () => {
  const relay = await startRelay({ cleanup })
  const host = await startHost({ cleanup, kind: 'public' })
  const connection = await connect(host, relay.host)
  const node = { host, account: newAccount(), roles: ['persistence' as const] }
  const dataset = await createDataset({ name: 'prices', nodes: [node] })
  relay.chain.list(dataset)
  await relay.role.announceOwn({ kind: 'manifest', signed: dataset.signed })
  const newer = await createRecord({ node, seq: 5 })
  await announce({ connection, item: { kind: 'record', signed: newer } })
  const older = announce({ connection, item: { kind: 'record', signed: await createRecord({ node, seq: 4 }) } })
  await expect(older).rejects.toMatchObject({ code: 'node-record-stale' })
  const stranger = await createRecord({ node: { ...node, account: newAccount() }, seq: 6 })
  const mixed = announce({
    connection,
    item: { kind: 'record', signed: { ...newer, record: stranger.record } },
  })
  await expect(mixed).rejects.toMatchObject({ code: 'node-record-invalid' })
  expect(relay.role.locate(dataset.dataset)?.records).toEqual([newer])
})

test('a node announces its record, again when it changes, with a number that survives a restart', async () => {
  const relay = await startRelay({ cleanup })
  const host = await startHost({ cleanup, kind: 'public' })
  const connection = await connect(host, relay.host)
  const account = newAccount()
  const node = { host, account, roles: ['persistence' as const] }
  const dataset = await createDataset({ name: 'prices', nodes: [node] })
  relay.chain.list(dataset)
  await relay.role.announceOwn({ kind: 'manifest', signed: dataset.signed })
  const newSettings = () =>
    createSettingsStore({ database: openDatabase({ path: ':memory:', migrations: settingsMigrations }) })
  let settings = newSettings()
  const startSeconds = nowSeconds() - 60
  let clockSeconds = startSeconds
  let served: Hex[] = []
  const { publicKeyHex: publicKey, keyId } = await createQueryKeyPair()
  const create = () =>
    createNodeRecordAnnouncer({
      host: host.node,
      privateKey: host.privateKey,
      signer: account,
      deployment,
      roles: ['persistence'],
      queryKey: () => ({ publicKey, keyId }),
      datasets: () => served,
      settings,
      relays: () => [connection],
      nowSeconds: () => clockSeconds,
      onError: (error) => expect.fail(String(error)),
    })
  const known = () => relay.role.locate(dataset.dataset)?.records.map(({ record }) => decodeNodeRecord(record))
  const announcer = create()
  await announcer.start()
  expect(known()).toMatchObject([{ seq: startSeconds, peerId: peerIdOf(host), datasets: [] }])
  await announcer.refresh()
  expect(known()).toMatchObject([{ seq: startSeconds }])
  served = [dataset.dataset]
  await announcer.refresh()
  expect(known()).toMatchObject([{ seq: startSeconds + 1, datasets: [dataset.dataset] }])
  await announcer.stop()
  const restarted = create()
  await restarted.start()
  expect(known()).toMatchObject([{ seq: startSeconds + 2 }])
  await restarted.stop()
  settings = newSettings()
  clockSeconds = nowSeconds()
  const restored = create()
  await restored.start()
  expect(known()).toMatchObject([{ seq: clockSeconds }])
  await restored.stop()
})
