import { join } from 'node:path'
import type { Manifest, NodeRole } from '@enigma/protocol'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, expect, test } from 'vitest'
import type { MirroredDataset } from '../chain-mirror/mirror-reads.ts'
import { parseSettings } from '../config.ts'
import { guestTermsOf } from '../roles/persistence/guests/guest-terms.ts'
import { openDatabase } from '../store/open-database.ts'
import { createSettingsStore, settingsMigrations } from '../store/settings-store.ts'
import { createCleanup, newDirectory } from '../../test/network/support/nodes.ts'
import { createGuests } from './guests.ts'
import type { ListingDataset } from './manifest-watcher.ts'
import { isOperatorAccepted, recordOperatorAcceptance } from './operator-acceptances.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const curator = `0x${'c0'.repeat(20)}` as const
const named = `0x${'01'.repeat(32)}` as const
const guest = `0x${'02'.repeat(32)}` as const
const job = `0x${'03'.repeat(32)}` as const

function listing(dataset: `0x${string}`, roles: NodeRole[] = ['persistence'], rate = 10n): ListingDataset {
  const listed = { dataset, curator, rate, deposit: 1n, registeredBlock: 1 } as MirroredDataset
  const own = { manifest: {} as Manifest, manifestHash: dataset, publisher: curator, roles, isGuest: false }
  return { ...own, dataset, listed }
}

async function openGuests(accepts: string) {
  const directory = join(await newDirectory(cleanup), 'accepted')
  const { persistence } = parseSettings(`roles = ["persistence"]\n[persistence.accepts]\n${accepts}`, 'enigma.toml')
  const signer = privateKeyToAccount(generatePrivateKey())
  const clock = { nowSeconds: 1000 }
  const removed: string[] = []
  const guests = createGuests({
    terms: guestTermsOf(persistence.accepts, signer.address),
    settings: createSettingsStore({ database: openDatabase({ path: ':memory:', migrations: settingsMigrations }) }),
    isAccepted: (dataset) => isOperatorAccepted({ directory, dataset }),
    mirror: { payoutsOf: () => [] },
    store: { remove: (dataset) => Promise.resolve(void removed.push(dataset)) },
    peerId: 'peer',
    signer,
    deployment: { chainId: 1, marketplace: curator },
    nowSeconds: () => clock.nowSeconds,
    nowMs: () => 0,
  })
  const accept = (dataset: `0x${string}`) => {
    const acceptance = { peerId: 'peer', signer: curator, roles: ['persistence' as const], acceptance: '0x' as const }
    return recordOperatorAcceptance({ directory, dataset, acceptance })
  }
  const admitted = (...datasets: ListingDataset[]) =>
    guests.admit(datasets).map(({ dataset, isGuest }) => ({ dataset, isGuest }))
  return { guests, accept, admitted, clock, removed }
}

test('what the operator accepted by name is served whatever the settings say, from the moment of the word', async () => {
  const { guests, accept, admitted } = await openGuests('')
  expect(admitted(listing(named), listing(job, ['persistence', 'worker']))).toEqual([{ dataset: job, isGuest: false }])
  expect(guests.refusalOf(named)).toMatch(/does not take datasets/)
  await accept(named)
  expect(admitted(listing(named))).toEqual([{ dataset: named, isGuest: false }])
  expect(guests.refusalOf(named)).toBeUndefined()
  expect(guests.isOpen).toBe(false)
})

test('a stranger’s dataset is a guest in a place, and its data goes an hour after it left', async () => {
  const { guests, accept, admitted, clock, removed } = await openGuests('curators = "anyone"\nmaxDatasets = 1')
  await accept(named)
  expect(guests.isOpen).toBe(true)
  expect(admitted(listing(guest), listing(named))).toEqual([
    { dataset: guest, isGuest: true },
    { dataset: named, isGuest: false },
  ])
  expect(guests.isOpen).toBe(false)
  admitted(listing(named))
  await guests.clearDeparted()
  expect(removed).toEqual([])
  clock.nowSeconds += 3600
  await guests.clearDeparted()
  expect(removed).toEqual([guest])
  expect(guests.isOpen).toBe(true)
})

test('a guest that the operator then accepts by name keeps its data and frees its place', async () => {
  const { guests, accept, admitted, clock, removed } = await openGuests('curators = "anyone"\nmaxDatasets = 1')
  expect(admitted(listing(guest))).toEqual([{ dataset: guest, isGuest: true }])
  await accept(guest)
  expect(admitted(listing(guest))).toEqual([{ dataset: guest, isGuest: false }])
  expect(guests.isOpen).toBe(true)
  clock.nowSeconds += 7200
  admitted(listing(guest))
  await guests.clearDeparted()
  expect(removed).toEqual([])
})

test('what the operator accepted by name is not deleted, also where it left as a guest', async () => {
  const { guests, accept, admitted, clock, removed } = await openGuests('curators = "anyone"\nmaxDatasets = 1')
  admitted(listing(guest))
  admitted()
  await accept(guest)
  clock.nowSeconds += 3600
  await guests.clearDeparted()
  expect(removed).toEqual([])
  expect(guests.isOpen).toBe(true)
})
