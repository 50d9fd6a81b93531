/** Which of the datasets that list this node it serves: those that its operator accepted by name, and guests in places. */
import type { Signer } from '@enigma/crypto'
import type { AcceptanceDesk } from '@enigma/network'
import type { Deployment, Hex } from '@enigma/protocol'
import type { ChainMirror } from '../chain-mirror/chain-mirror.ts'
import { createAcceptanceDesk } from '../roles/persistence/guests/acceptance-desk.ts'
import { createGuestPlaces } from '../roles/persistence/guests/guest-places.ts'
import type { GuestListing, GuestTerms } from '../roles/persistence/guests/guest-terms.ts'
import type { SnapshotStore } from '../snapshot/snapshot-store.ts'
import type { SettingsStore } from '../store/settings-store.ts'
import type { ListingDataset, OwnDataset } from './manifest-watcher.ts'

export type CreateGuestsParameters = {
  terms: GuestTerms
  settings: SettingsStore
  isAccepted: (dataset: Hex) => boolean
  mirror: Pick<ChainMirror, 'payoutsOf'>
  store: Pick<SnapshotStore, 'remove'>
  peerId: string
  signer: Signer
  deployment: Deployment
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
}

export type Guests = {
  /** Those of the datasets that this node serves. */
  admit: (listing: readonly ListingDataset[]) => readonly OwnDataset[]
  /** Why a dataset that lists this node is not served, as a sentence. */
  refusalOf: (dataset: Hex) => string | undefined
  /** Whether strangers may ask now. */
  readonly isOpen: boolean
  readonly desk: AcceptanceDesk
  /** Deletes the data of datasets that left long ago, and frees their places. */
  clearDeparted: () => Promise<void>
  /** Does so from time to time until `stop`. */
  start: (onError: (error: unknown) => void) => void
  stop: () => Promise<void>
}

const clearIntervalMs = 60_000

/** Creates the guests of a node. */
export function createGuests(parameters: CreateGuestsParameters): Guests {
  const { terms, isAccepted, mirror, store } = parameters
  const places = createGuestPlaces(parameters)
  let refused: ReadonlyMap<Hex, string> = new Map()
  let timer: NodeJS.Timeout | undefined
  let clearing: Promise<void> = Promise.resolve()
  const clearDeparted = async () => {
    for (const dataset of places.departed()) {
      // What its operator took over by name is no longer a guest's to lose.
      if (!isAccepted(dataset)) await store.remove(dataset)
      places.release(dataset)
    }
  }
  return {
    admit(listing) {
      const byName = new Set(listing.filter((own) => isByName(own, isAccepted)).map(({ dataset }) => dataset))
      // One that was a guest before keeps its data and leaves its place to others.
      for (const dataset of byName) if (places.has(dataset)) places.release(dataset)
      const others = listing.filter(({ dataset }) => !byName.has(dataset))
      const settled = places.settle(others.map((own) => toGuestListing(own, mirror)))
      refused = settled.refused
      return listing.flatMap(({ listed: _, ...own }) => {
        if (byName.has(own.dataset)) return [own]
        return settled.admitted.has(own.dataset) ? [{ ...own, isGuest: true }] : []
      })
    },
    refusalOf: (dataset) => refused.get(dataset),
    get isOpen() {
      return terms.curators !== 'nobody' && places.free > 0
    },
    desk: createAcceptanceDesk({ ...parameters, places }),
    clearDeparted,
    start(onError) {
      timer = setInterval(() => {
        clearing = clearing.then(clearDeparted).catch(onError)
      }, clearIntervalMs)
    },
    async stop() {
      clearInterval(timer)
      await clearing
    },
  }
}

/** The protocol accepts for the role of persistence alone: any other was the operator's word, whether recorded or not. */
function isByName({ dataset, roles }: OwnDataset, isAccepted: (dataset: Hex) => boolean): boolean {
  return roles.some((role) => role !== 'persistence') || isAccepted(dataset)
}

function toGuestListing({ dataset, listed }: ListingDataset, mirror: Pick<ChainMirror, 'payoutsOf'>): GuestListing {
  const { curator, rate, deposit, registeredBlock } = listed
  return { dataset, curator, rate, deposit, registeredBlock, payouts: mirror.payoutsOf(dataset) }
}
