import { afterEach, describe, expect, test } from 'vitest'
import { verifyNodeAcceptance, verifyNodeRecord } from '@enigma/crypto'
import {
  announce,
  fetchAcceptanceTerms,
  fetchAcceptingNodes,
  handleAcceptance,
  requestAcceptance,
} from '@enigma/network'
import { datasetIdOf, type Hex, type NodeRole } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { createAcceptanceDesk } from '../../src/roles/persistence/guests/acceptance-desk.ts'
import type { GuestTerms } from '../../src/roles/persistence/guests/guest-terms.ts'
import { createDataset, createRecord, createTestChain, deployment, newAccount, nowSeconds } from './support/datasets.ts'
import { addressesOf, createCleanup, peerIdOf, startHost } from './support/nodes.ts'
import { startRelay } from './support/relays.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const curator: Hex = `0x${'c0'.repeat(20)}`
const other: Hex = `0x${'c1'.repeat(20)}`
const payee: Hex = `0x${'fe'.repeat(20)}`
const open: GuestTerms = {
  ...{ curators: 'anyone', maxDatasets: 3, maxDatasetsPerCurator: 2, maxBytes: 1000, maxRows: 100, keepSnapshots: 1 },
  maxUnpackedBytes: 10_000,
  ...{ minRate: 7n, minDeposit: 10n ** 18n, shareBps: 1000, payee },
}

async function startNode({ terms = open, held = [] }: { terms?: GuestTerms; held?: Hex[] } = {}) {
  const account = newAccount()
  const signer = account.address.toLowerCase() as Hex
  const host = await startHost({ cleanup, kind: 'public' })
  const desk = createAcceptanceDesk({
    terms,
    places: { freeFor: () => terms.maxDatasets - held.length, has: (dataset) => held.includes(dataset) },
    peerId: peerIdOf(host),
    signer: account,
    deployment,
    nowMs: () => 0,
  })
  const errors: unknown[] = []
  const server = await handleAcceptance({ host: host.node, desk, onError: (error) => errors.push(error) })
  cleanup.add(() => server.stop())
  const browser = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await browser.node.dial(addressesOf(host).map((text) => multiaddr(text)))
  return { host, account, signer, connection, errors, held }
}

describe('a node that takes datasets of anyone', () => {
  test('says its terms and signs for one curator and name', async () => {
    const { host, signer, connection, errors } = await startNode()
    const terms = await fetchAcceptanceTerms({ connection, curator, signer })
    expect(terms).toEqual({
      ...{ v: 1, peerId: peerIdOf(host), signer, maxBytes: 1000, maxRows: 100, minRate: 7n, minDeposit: 10n ** 18n },
      ...{ payee, shareBps: 1000, places: 3, placesPerCurator: 2 },
    })
    const node = await requestAcceptance({ connection, curator, signer, name: 'my_prices' })
    expect(node).toMatchObject({ peerId: peerIdOf(host), signer, roles: ['persistence'] })
    const isFor = (dataset: Hex) => verifyNodeAcceptance({ node, dataset, deployment })
    expect(await isFor(datasetIdOf({ curator, name: 'my_prices' }))).toBe(true)
    expect(await isFor(datasetIdOf({ curator: other, name: 'my_prices' }))).toBe(false)
    expect(await isFor(datasetIdOf({ curator, name: 'my_price' }))).toBe(false)
    expect(errors).toEqual([])
  })

  test('signs none when its places are taken, but again for who has one', async () => {
    const own = datasetIdOf({ curator, name: 'my_prices' })
    const { signer, connection } = await startNode({ held: [own, `0x${'11'.repeat(32)}`, `0x${'22'.repeat(32)}`] })
    const ask = (name: string) => requestAcceptance({ connection, curator, signer, name })
    await expect(ask('another')).rejects.toMatchObject({ code: 'not-accepted' })
    expect(await ask('my_prices')).toMatchObject({ signer })
    expect(await fetchAcceptanceTerms({ connection, curator, signer })).toMatchObject({ places: 0 })
  })

  test('tires of one address that asks without end', async () => {
    const { signer, connection } = await startNode()
    const asked = Array.from({ length: 21 }, (_, index) =>
      requestAcceptance({ connection, curator, signer, name: `name_${index}` }),
    )
    const results = await Promise.allSettled(asked)
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    expect(refused).toEqual([expect.objectContaining({ code: 'busy' })])
  })

  test('is not believed when it speaks for another', async () => {
    const { connection } = await startNode()
    const signer: Hex = `0x${'77'.repeat(20)}`
    await expect(fetchAcceptanceTerms({ connection, curator, signer })).rejects.toMatchObject({ code: 'unreadable' })
    const asked = requestAcceptance({ connection, curator, signer, name: 'my_prices' })
    await expect(asked).rejects.toMatchObject({ code: 'unreadable' })
  })

  test('refuses a name that no dataset can have', async () => {
    const { signer, connection } = await startNode()
    const asked = requestAcceptance({ connection, curator, signer, name: 'No Name' })
    await expect(asked).rejects.toMatchObject({ code: 'unreadable' })
  })
})

test.each<[string, GuestTerms['curators']]>([
  ['nobody', 'nobody'],
  ['named curators', [other]],
])('a node that takes datasets of %s refuses a stranger by code', async (_, curators) => {
  const { signer, connection } = await startNode({ terms: { ...open, curators } })
  await expect(fetchAcceptanceTerms({ connection, curator, signer })).rejects.toMatchObject({ code: 'not-accepted' })
  const asked = requestAcceptance({ connection, curator, signer, name: 'my_prices' })
  await expect(asked).rejects.toMatchObject({ code: 'not-accepted' })
  if (curators !== 'nobody') {
    expect(await fetchAcceptanceTerms({ connection, curator: other, signer })).toMatchObject({ places: 3 })
  }
})

test('a relay names the nodes that accept, listed ones first, and no more than were asked for', async () => {
  const chain = createTestChain()
  const relay = await startRelay({ cleanup, chain })
  const browser = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await browser.node.dial(addressesOf(relay.host).map((text) => multiaddr(text)))
  const tell = async (accepts: boolean, roles: NodeRole[] = ['persistence']) => {
    const node = { host: await startHost({ cleanup, kind: 'public' }), account: newAccount(), roles }
    const signed = await createRecord({ node, seq: 1, accepts })
    await announce({ connection, item: { kind: 'record', signed } })
    return node
  }
  const strangers = [await tell(true), await tell(true)]
  await tell(false)
  await tell(true, ['worker'])
  const known = await tell(true)
  const dataset = await createDataset({ name: 'prices', nodes: [known] })
  chain.list(dataset)
  await announce({ connection, item: { kind: 'manifest', signed: dataset.signed } })
  const fetch = async (limit: number) => {
    const peerIds: string[] = []
    for await (const signed of fetchAcceptingNodes({ connection, limit })) {
      peerIds.push((await verifyNodeRecord({ signed, deployment, nowSeconds: nowSeconds() })).peerId)
    }
    return peerIds
  }
  const all = await fetch(10)
  expect(all[0]).toBe(peerIdOf(known.host))
  expect(all.toSorted()).toEqual([...strangers, known].map(({ host }) => peerIdOf(host)).toSorted())
  expect(await fetch(1)).toEqual([peerIdOf(known.host)])
})
