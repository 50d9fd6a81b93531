import { signManifest, signNodeAcceptance } from '@enigma/crypto'
import { datasetIdOf, type Deployment, hashManifest, type Hex, type Manifest } from '@enigma/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../store/open-database.ts'
import { createManifestWatcher, manifestMigrations } from './manifest-watcher.ts'

const deployment: Deployment = { chainId: 31_337, marketplace: `0x${'11'.repeat(20)}` }
const account = privateKeyToAccount(`0x${'01'.repeat(32)}`)
const curator = account.address.toLowerCase() as Hex
const peerId = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

async function createManifest() {
  const dataset = datasetIdOf({ curator, name: 'prices' })
  const node = { peerId, roles: ['persistence' as const] }
  const manifest: Manifest = {
    ...{ v: 1, curator, name: 'prices', version: 1, title: 'Prices', description: '', licence: 'CC0', tags: [] },
    tables: [{ name: 'prices', columns: [{ name: 'price', type: 'double', encryption: 'none' }] }],
    ...{ sample: [], trialSeconds: 0, publisher: curator, storage: { engine: 'duckdb', place: 'here' } },
    nodes: [await signNodeAcceptance({ node, dataset, signer: account, deployment })],
    limits: { maxRows: 1000, timeoutSeconds: 10 },
  }
  return { dataset, signed: await signManifest({ manifest, signer: account, deployment }) }
}

describe('the manifest watcher', () => {
  test('tells of a change again until it is taken, and then no more', async () => {
    const { dataset, signed } = await createManifest()
    const metadataHash = hashManifest(signed.manifest)
    const facts = { rate: 1n, deposit: 1n, trialSeconds: 0, closedAt: 0, changedBlock: 1, registeredBlock: 1 }
    const listed = { dataset, curator, name: 'prices', metadataHash, publisher: curator, ...facts }
    const told: Hex[][] = []
    const watcher = createManifestWatcher({
      datasets: () => [listed],
      locate: () => Promise.resolve(signed),
      ...{ deployment, peerId, intervalMs: 1 },
      database: openDatabase({ path: ':memory:', migrations: manifestMigrations }),
      onChange: (own) => {
        told.push(own.map((each) => each.dataset))
        return told.length < 3 ? Promise.reject(new Error('too many open files')) : Promise.resolve()
      },
      onError: (error) => expect(error).toMatchObject({ message: 'too many open files' }),
    })
    watcher.start()
    await expect.poll(() => told).toEqual([[dataset], [dataset], [dataset]])
    await watcher.refresh()
    await watcher.stop()
    expect(told).toHaveLength(3)
  })
})
