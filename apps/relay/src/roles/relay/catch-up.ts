/** Anti-entropy between relays: a late joiner asks for all it lacks, and so does one that missed an announcement. */
import { missingFrom } from '@enigma/catalogue'
import {
  type Announcement,
  fetchContents,
  fetchManifests,
  fetchRecords,
  networkLimits,
  remoteGroup,
} from '@enigma/network'
import { type Hex, MarketplaceError, protocolIds } from '@enigma/protocol'
import type { CatalogueChain } from './catalogue-chain.ts'
import { batchesOf } from './batches-of.ts'
import { judgeItem, type PeerRounds, type PeerRoundsParameters, type Round, startPeerRounds } from './peer-rounds.ts'
import type { RelayCatalogue } from './relay-catalogue.ts'
import { relayLimits } from './relay-limits.ts'

export type CatchUpParameters = Pick<PeerRoundsParameters, 'node' | 'onError'> & {
  catalogue: Pick<RelayCatalogue, 'wanted' | 'hasManifest' | 'seqOf' | 'isListedPeer'>
  chain: Pick<CatalogueChain, 'metadataHashOf'>
  /** Verifies and stores one item. */
  accept: (item: Announcement, sender: string) => Promise<{ isNew: boolean }>
}

export type CatchUp = Pick<PeerRounds, 'stop'> & {
  /** Asks the connected relays for the manifests that the chain names and this relay lacks. */
  fetchWanted: () => void
}

/** Whether this relay has no room for more records of nodes that nobody lists. */
type CatalogueRound = Round & { isFull?: boolean }

/** Starts comparing with every relay that connects, and with all of them every few minutes. */
export function startCatchUp(parameters: CatchUpParameters): CatchUp {
  const { node, catalogue, onError } = parameters
  const compareWith = (round: Round) => compare(parameters, round)
  const rounds = startPeerRounds({ node, protocol: protocolIds.catalogue, compare: compareWith, onError })
  return {
    stop: rounds.stop,
    fetchWanted() {
      if (catalogue.wanted().length === 0) return
      rounds.beginAll((round) => pullManifests(parameters, round, catalogue.wanted()))
    },
  }
}

async function compare(runner: CatchUpParameters, round: CatalogueRound): Promise<void> {
  const { catalogue, chain } = runner
  let unlistedLeft: number = relayLimits.catchUpUnlisted
  for await (const remote of fetchContents(round)) {
    const { hashes, peerIds } = missingFrom({
      wantedHashOf: chain.metadataHashOf,
      hasManifest: catalogue.hasManifest,
      seqOf: catalogue.seqOf,
      remote,
    })
    await pullManifests(runner, round, hashes)
    // Manifests come first: who is listed by one of them is listed now.
    const asked = peerIds.filter((peerId) => catalogue.isListedPeer(peerId) || unlistedLeft-- > 0)
    await pullRecords(runner, round, asked)
  }
}

async function pullRecords(
  runner: CatchUpParameters,
  round: CatalogueRound,
  peerIds: readonly string[],
): Promise<void> {
  for (const some of batchesOf(peerIds, networkLimits.itemsPerRequest)) {
    const asked = round.isFull ? some.filter(runner.catalogue.isListedPeer) : some
    if (asked.length === 0) continue
    for await (const signed of fetchRecords({ ...round, peerIds: asked })) {
      await take(runner, round, { kind: 'record', signed })
    }
  }
}

async function pullManifests(runner: CatchUpParameters, round: CatalogueRound, hashes: readonly Hex[]): Promise<void> {
  for (const some of batchesOf(hashes, networkLimits.itemsPerRequest)) {
    for await (const signed of fetchManifests({ ...round, hashes: some })) {
      await take(runner, round, { kind: 'manifest', signed })
    }
  }
}

/** One bad item does not keep the others away; too many of them end the round. */
async function take({ accept, onError }: CatchUpParameters, round: CatalogueRound, item: Announcement): Promise<void> {
  try {
    await accept(item, remoteGroup(round.connection.remoteAddr.toString()))
  } catch (error) {
    if (error instanceof MarketplaceError && error.code === 'busy') round.isFull = true
    judgeItem(round, error, onError)
  }
}
