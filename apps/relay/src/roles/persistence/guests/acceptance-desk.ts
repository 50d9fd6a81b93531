/** Answers curators who ask whether this node would serve a dataset of theirs (`/enigma/acceptance/1.0.0`). */
import { signNodeAcceptance, type Signer } from '@enigma/crypto'
import { type AcceptanceDesk, createRateLimiter, remoteGroup } from '@enigma/network'
import { datasetIdOf, type Deployment, type Hex, MarketplaceError } from '@enigma/protocol'
import type { GuestPlaces } from './guest-places.ts'
import { type GuestTerms, takesCurator } from './guest-terms.ts'

/** Acceptances that one address may ask for, and all together: each is a signature. */
const perAddress = { perSecond: 0.5, burst: 20 }
const together = { perSecond: 20, burst: 200 }

export type CreateAcceptanceDeskParameters = {
  terms: GuestTerms
  places: Pick<GuestPlaces, 'freeFor' | 'has'>
  peerId: string
  signer: Signer
  deployment: Deployment
  /** A monotonic clock. */
  nowMs: () => number
}

/**
 * Creates the desk. An acceptance promises no place: places go to the datasets that the chain lists first, so that asking
 * costs others nothing.
 */
export function createAcceptanceDesk(parameters: CreateAcceptanceDeskParameters): AcceptanceDesk {
  const { terms, places, peerId, signer, deployment, nowMs } = parameters
  const byAddress = createRateLimiter({ ...perAddress, nowMs })
  const all = createRateLimiter({ ...together, nowMs })
  return {
    terms(curator) {
      requireCurator(terms, curator)
      const { maxBytes, maxRows, minRate, minDeposit, payee, shareBps, maxDatasetsPerCurator } = terms
      const signerAddress = signer.address.toLowerCase() as Hex
      const wanted = { maxBytes, maxRows, minRate, minDeposit, payee, shareBps }
      const free = { places: places.freeFor(curator), placesPerCurator: maxDatasetsPerCurator }
      return { v: 1, peerId, signer: signerAddress, ...wanted, ...free }
    },
    async accept({ curator, name, remote }) {
      requireCurator(terms, curator)
      const dataset = datasetIdOf({ curator, name })
      if (!places.has(dataset) && places.freeFor(curator) === 0) {
        throw notAccepted('This node has no place for another dataset of yours now; choose another node.')
      }
      if (!byAddress.take(remoteGroup(remote.address)) || !all.take('')) {
        throw new MarketplaceError({ code: 'busy', message: 'You ask this node too often; wait, or ask another one.' })
      }
      return signNodeAcceptance({ node: { peerId, roles: ['persistence'] }, dataset, signer, deployment })
    },
  }
}

function requireCurator(terms: GuestTerms, curator: Hex): void {
  if (!takesCurator(terms, curator)) {
    throw notAccepted('This node takes datasets only of curators whom its operator named; choose another node.')
  }
}

function notAccepted(message: string): MarketplaceError {
  return new MarketplaceError({ code: 'not-accepted', message })
}
