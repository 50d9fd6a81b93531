import { parseEther } from 'viem'
import { describe, expect, test } from 'vitest'
import { parseSettings } from '../../../config.ts'
import { openDatabase } from '../../../store/open-database.ts'
import { createSettingsStore, settingsMigrations } from '../../../store/settings-store.ts'
import { createGuestPlaces } from './guest-places.ts'
import { type GuestListing, guestTermsOf } from './guest-terms.ts'

const signer = `0x${'aa'.repeat(20)}` as const
const payee = `0x${'bb'.repeat(20)}` as const
const ada = `0x${'01'.repeat(20)}` as const
const grace = `0x${'02'.repeat(20)}` as const

function openPlaces(accepts: string) {
  const toml = `roles = ["persistence"]\n[persistence.accepts]\n${accepts}`
  const terms = guestTermsOf(parseSettings(toml, 'enigma.toml').persistence.accepts, signer)
  const settings = createSettingsStore({ database: openDatabase({ path: ':memory:', migrations: settingsMigrations }) })
  const clock = { nowSeconds: 1000 }
  const open = () => createGuestPlaces({ terms, settings, nowSeconds: () => clock.nowSeconds })
  return { open, clock, places: open() }
}

let count = 0
function listing(changes: Partial<GuestListing> = {}): GuestListing {
  count++
  return {
    dataset: `0x${count.toString(16).padStart(64, '0')}`,
    curator: ada,
    rate: 10n ** 15n,
    deposit: parseEther('100'),
    payouts: [{ payee: ada, shareBps: 10_000 }],
    registeredBlock: count,
    ...changes,
  }
}

const ids = (...listings: GuestListing[]) => new Set(listings.map(({ dataset }) => dataset))

describe('by default', () => {
  test('nobody has a place', () => {
    const { places } = openPlaces('')
    const one = listing()
    const { admitted, refused } = places.settle([one])
    expect(admitted.size).toBe(0)
    expect(refused.get(one.dataset)).toMatch(/does not take datasets of this curator/)
  })
})

describe('terms', () => {
  const { places } = openPlaces(
    `curators = ["${grace}"]\nminPriceEng = "10"\nminDepositEng = "50.5"\nsharePercent = 12.5\npayee = "${payee}"`,
  )
  const good = {
    curator: grace,
    payouts: [
      { payee: grace, shareBps: 8750 },
      { payee, shareBps: 1250 },
    ],
  }
  test.each([
    ['a curator who is not named', { ...good, curator: ada }, /this curator/],
    ['a price below', { ...good, rate: 1n }, /price of at least 9.99/],
    ['a deposit below', { ...good, deposit: parseEther('50') }, /deposit of at least 50.5 ENG/],
    ['no share of the payouts', { ...good, payouts: [{ payee: grace, shareBps: 10_000 }] }, /12.5 % of the payouts/],
  ])('%s is refused with what to mend', (_, changes, sentence) => {
    const one = listing(changes)
    const { admitted, refused } = places.settle([one])
    expect(admitted.size).toBe(0)
    expect(refused.get(one.dataset)).toMatch(sentence)
  })

  test('who meets them all has a place', () => {
    const one = listing(good)
    expect(places.settle([one]).admitted).toEqual(ids(one))
  })
})

describe('places', () => {
  test('go by age on chain, and stay with who has them, over restarts too', () => {
    const { open, places } = openPlaces('curators = "anyone"\nmaxDatasets = 2')
    const [oldest, second, third, newest] = [listing(), listing(), listing(), listing()]
    const first = places.settle([newest, third])
    expect(first.admitted).toEqual(ids(third, newest))
    const again = open().settle([oldest, second, third, newest])
    expect(again.admitted).toEqual(ids(third, newest))
    expect(again.refused.get(oldest.dataset)).toMatch(/no place left/)
  })

  test('of one curator are few', () => {
    const { places } = openPlaces('curators = "anyone"\nmaxDatasetsPerCurator = 1')
    const [one, two, others] = [listing(), listing(), listing({ curator: grace })]
    const { admitted, refused } = places.settle([one, two, others])
    expect(admitted).toEqual(ids(one, others))
    expect(refused.get(two.dataset)).toMatch(/as many of your datasets/)
    expect(places.freeFor(ada)).toBe(0)
    expect(places.freeFor(signer)).toBe(1)
  })

  test('that were left are free once their data is gone, an hour later, and not before', () => {
    const { places, clock } = openPlaces('curators = "anyone"\nmaxDatasets = 1')
    const [one, two] = [listing(), listing()]
    places.settle([one])
    expect(places.settle([two]).admitted.size).toBe(0)
    clock.nowSeconds += 3599
    expect(places.departed()).toEqual([])
    expect(places.settle([one, two]).admitted).toEqual(ids(one))
    places.settle([two])
    clock.nowSeconds += 3600
    expect(places.departed()).toEqual([one.dataset])
    expect([places.free, places.settle([two]).admitted.size]).toEqual([0, 0])
    places.release(one.dataset)
    expect(places.free).toBe(1)
    expect(places.settle([two]).admitted).toEqual(ids(two))
  })

  test('are not given back to who returns while its data is being deleted', () => {
    const { places, clock } = openPlaces('curators = "anyone"')
    const one = listing()
    places.settle([one])
    places.settle([])
    clock.nowSeconds += 3600
    expect(places.departed()).toEqual([one.dataset])
    const { admitted, refused } = places.settle([one])
    expect(admitted.size).toBe(0)
    expect(refused.get(one.dataset)).toMatch(/is being deleted/)
    expect(places.departed()).toEqual([one.dataset])
    places.release(one.dataset)
    expect(places.settle([one]).admitted).toEqual(ids(one))
  })

  test('are lost by who no longer meets the terms', () => {
    const { places } = openPlaces('curators = "anyone"\nminDepositEng = "100"')
    const one = listing()
    expect(places.settle([one]).admitted.size).toBe(1)
    const { admitted, refused } = places.settle([{ ...one, deposit: 1n }])
    expect(admitted.size).toBe(0)
    expect(refused.get(one.dataset)).toMatch(/deposit/)
  })
})
