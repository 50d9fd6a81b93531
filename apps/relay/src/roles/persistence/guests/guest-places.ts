/**
 * The places that a node has for datasets which its operator did not accept by name. Who has a place keeps it over
 * restarts while it meets the terms; free places go by age on chain. A place that was left is free only once its data is
 * deleted, so that nobody fills the disk by coming and going.
 */
import { addressSchema, hashSchema, type Hex, uintSchema } from '@enigma/protocol'
import * as v from 'valibot'
import type { SettingsStore } from '../../../store/settings-store.ts'
import { type GuestListing, type GuestTerms, unmetTerm } from './guest-terms.ts'

/** Data of a dataset that left stays this long: a reorganisation or a mended price brings it back. */
const graceSeconds = 3600
const storedName = 'guests'
const leavingSentence = 'What this node held of the dataset is being deleted; offer it again in a minute.'

/** `leftAt`: Unix seconds since when the dataset has not met the terms or has not listed this node; absent while it does. */
const placesSchema = v.array(
  v.strictObject({ dataset: hashSchema, curator: addressSchema, leftAt: v.exactOptional(uintSchema()) }),
)
type Place = v.InferOutput<typeof placesSchema>[number]

export type GuestPlaces = {
  /** Gives places to those of `listings` that meet the terms; returns who has one, and why the others have none. */
  settle: (listings: readonly GuestListing[]) => { admitted: ReadonlySet<Hex>; refused: ReadonlyMap<Hex, string> }
  /** Places that a curator could take now. */
  freeFor: (curator: Hex) => number
  has: (dataset: Hex) => boolean
  /** Places that nobody has. */
  readonly free: number
  /** Datasets that left long ago; delete their data, then `release` them: until then they do not come back. */
  departed: () => Hex[]
  release: (dataset: Hex) => void
}

export type CreateGuestPlacesParameters = { terms: GuestTerms; settings: SettingsStore; nowSeconds: () => number }

/** Opens the places over what is stored. */
export function createGuestPlaces({ terms, settings, nowSeconds }: CreateGuestPlacesParameters): GuestPlaces {
  let places: readonly Place[] = settings.get(storedName, placesSchema) ?? []
  /** Whose data is being deleted. */
  const leaving = new Set<Hex>()
  const store = (next: readonly Place[]) => {
    if (JSON.stringify(next) !== JSON.stringify(places)) settings.set(storedName, next)
    places = next
  }
  return {
    settle(listings) {
      const refused = new Map<Hex, string>()
      const good = new Map<Hex, GuestListing>()
      for (const listing of listings) {
        const why = leaving.has(listing.dataset) ? leavingSentence : unmetTerm(terms, listing)
        if (why === undefined) good.set(listing.dataset, listing)
        else refused.set(listing.dataset, why)
      }
      const kept = places.map((place) => (good.has(place.dataset) ? withoutLeave(place) : left(place, nowSeconds())))
      const { taken, full } = seat(terms, kept, [...good.values()])
      for (const [dataset, why] of full) refused.set(dataset, why)
      store(taken)
      const present = taken.filter(({ leftAt }) => leftAt === undefined)
      return { admitted: new Set(present.map(({ dataset }) => dataset)), refused }
    },
    freeFor: (curator) => Math.max(0, Math.min(...freeOf(terms, places, curator))),
    has: (dataset) => places.some((place) => place.dataset === dataset),
    get free() {
      return terms.maxDatasets - places.length
    },
    departed() {
      const gone = places.filter(({ leftAt }) => leftAt !== undefined && nowSeconds() - leftAt >= graceSeconds)
      for (const { dataset } of gone) leaving.add(dataset)
      return gone.map(({ dataset }) => dataset)
    },
    release(dataset) {
      leaving.delete(dataset)
      store(places.filter((place) => place.dataset !== dataset))
    },
  }
}

/** Gives free places to the datasets that have none, the oldest first. */
function seat(terms: GuestTerms, kept: readonly Place[], good: readonly GuestListing[]) {
  const taken = [...kept]
  const full = new Map<Hex, string>()
  const newcomers = good.filter(({ dataset }) => !kept.some((place) => place.dataset === dataset))
  for (const { dataset, curator } of newcomers.toSorted(byAge)) {
    const [all, own] = freeOf(terms, taken, curator)
    if (all > 0 && own > 0) taken.push({ dataset, curator })
    else full.set(dataset, fullSentence(all))
  }
  return { taken, full }
}

/** Why there is no place: none at all, or none for this curator. */
function fullSentence(freeOfAll: number): string {
  return freeOfAll <= 0
    ? 'This node has no place left for more datasets; choose another node.'
    : 'This node serves as many of your datasets as it takes of one curator; choose another node.'
}

function freeOf(
  { maxDatasets, maxDatasetsPerCurator }: GuestTerms,
  places: readonly Place[],
  curator: Hex,
): [number, number] {
  const own = places.filter((place) => place.curator === curator).length
  return [maxDatasets - places.length, maxDatasetsPerCurator - own]
}

function byAge(a: GuestListing, b: GuestListing): number {
  return a.registeredBlock - b.registeredBlock || (a.dataset < b.dataset ? -1 : 1)
}

function withoutLeave({ dataset, curator }: Place): Place {
  return { dataset, curator }
}

function left(place: Place, nowSeconds: number): Place {
  return { ...place, leftAt: place.leftAt ?? nowSeconds }
}
