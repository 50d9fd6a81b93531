/** Anti-entropy between relays: a late joiner asks for all it lacks, and so does one that missed an announcement. */
import { missingFrom } from '@enigma/catalogue'
import {
  type Announcement,
  fetchContents,
  fetchManifests,
  fetchRecords,
  networkLimits,
  pickConnection,
  remoteGroup,
} from '@enigma/network'
import { type Hex, MarketplaceError, protocolIds } from '@enigma/protocol'
import type { Connection, IdentifyResult, Libp2p, PeerId } from '@libp2p/interface'
import type { CatalogueChain } from './catalogue-chain.ts'
import { createRoundQueue, type RoundQueue } from './round-queue.ts'
import { untimely } from './start-gossip.ts'
import type { RelayCatalogue } from './relay-catalogue.ts'
import { relayLimits } from './relay-limits.ts'

export type CatchUpParameters = {
  node: Pick<Libp2p, 'addEventListener' | 'removeEventListener' | 'getConnections'>
  catalogue: Pick<RelayCatalogue, 'wanted' | 'hasManifest' | 'seqOf' | 'isListedPeer'>
  chain: Pick<CatalogueChain, 'metadataHashOf'>
  /** Verifies and stores one item. */
  accept: (item: Announcement, sender: string) => Promise<{ isNew: boolean }>
  onError: (error: unknown) => void
}

export type CatchUp = {
  /** Asks the connected relays for the manifests that the chain names and this relay lacks. */
  fetchWanted: () => void
  stop: () => Promise<void>
}

type Runner = CatchUpParameters & {
  stopping: AbortController
  /** Peers that speak the catalogue protocol. */
  peers: Map<string, PeerId>
  rounds: RoundQueue
  /** Peers that sent too many invalid items. */
  dropped: Set<string>
}

/** A round with one peer, and what was wrong with its items so far. */
type Round = { connection: Connection; signal: AbortSignal; invalid: number; isFull: boolean }

/** Starts comparing with every relay that connects, and with all of them every few minutes. */
export function startCatchUp(parameters: CatchUpParameters): CatchUp {
  const { node } = parameters
  const runner: Runner = {
    ...parameters,
    stopping: new AbortController(),
    peers: new Map(),
    rounds: createRoundQueue({ atOnce: relayLimits.catchUpRounds }),
    dropped: new Set(),
  }
  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>) => {
    const key = detail.peerId.toString()
    if (!detail.protocols.includes(protocolIds.catalogue) || runner.peers.has(key) || runner.dropped.has(key)) return
    runner.peers.set(key, detail.peerId)
    begin(runner, key, compare)
  }
  const onDisconnect = ({ detail }: CustomEvent<PeerId>) => {
    runner.peers.delete(detail.toString())
    runner.rounds.cancel(detail.toString())
  }
  node.addEventListener('peer:identify', onIdentify)
  node.addEventListener('peer:disconnect', onDisconnect)
  const timer = setInterval(() => {
    for (const key of runner.peers.keys()) begin(runner, key, compare)
  }, relayLimits.catchUpIntervalMs)
  return {
    fetchWanted() {
      if (runner.catalogue.wanted().length === 0) return
      for (const key of runner.peers.keys()) begin(runner, key, pullWanted)
    },
    async stop() {
      clearInterval(timer)
      node.removeEventListener('peer:identify', onIdentify)
      node.removeEventListener('peer:disconnect', onDisconnect)
      runner.stopping.abort()
      await runner.rounds.stop()
    },
  }
}

/** Queues a round; relays that this one dialled come first, because strangers cannot make it dial. */
function begin(runner: Runner, key: string, work: (runner: Runner, round: Round) => Promise<void>): void {
  const connection = connectionTo(runner, key)
  if (connection === undefined || runner.stopping.signal.aborted) return
  const run = () => runRound(runner, key, work)
  runner.rounds.add({ key, isFirst: connection.direction === 'outbound', isWhole: work === compare, run })
}

function connectionTo({ node, peers }: Runner, key: string): Connection | undefined {
  return pickConnection(node.getConnections(peers.get(key)))
}

/** A lost peer is asked again when it connects. */
async function runRound(
  runner: Runner,
  key: string,
  work: (runner: Runner, round: Round) => Promise<void>,
): Promise<void> {
  const connection = runner.peers.has(key) ? connectionTo(runner, key) : undefined
  if (connection === undefined) return
  const signal = AbortSignal.any([runner.stopping.signal, AbortSignal.timeout(relayLimits.catchUpTimeoutMs)])
  const round = { connection, signal, invalid: 0, isFull: false }
  try {
    await work(runner, round)
  } catch (error) {
    if (!runner.stopping.signal.aborted && connection.status === 'open') runner.onError(error)
  }
  if (round.invalid < relayLimits.catchUpInvalid) return
  if (runner.dropped.size >= relayLimits.catchUpDropped) runner.dropped.clear()
  runner.dropped.add(key)
  runner.peers.delete(key)
}

async function compare(runner: Runner, round: Round): Promise<void> {
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

async function pullRecords(runner: Runner, round: Round, peerIds: readonly string[]): Promise<void> {
  for (const some of batches(peerIds)) {
    const asked = round.isFull ? some.filter(runner.catalogue.isListedPeer) : some
    if (asked.length === 0) continue
    for await (const signed of fetchRecords({ ...round, peerIds: asked })) {
      await take(runner, round, { kind: 'record', signed })
    }
  }
}

function pullWanted(runner: Runner, round: Round): Promise<void> {
  return pullManifests(runner, round, runner.catalogue.wanted())
}

async function pullManifests(runner: Runner, round: Round, hashes: readonly Hex[]): Promise<void> {
  for (const some of batches(hashes)) {
    for await (const signed of fetchManifests({ ...round, hashes: some })) {
      await take(runner, round, { kind: 'manifest', signed })
    }
  }
}

/** One bad item does not keep the others away; too many of them end the round. */
async function take({ accept, onError }: Runner, round: Round, item: Announcement): Promise<void> {
  try {
    await accept(item, remoteGroup(round.connection.remoteAddr.toString()))
  } catch (error) {
    if (!(error instanceof MarketplaceError)) throw error
    if (error.code === 'busy') round.isFull = true
    if (untimely.includes(error.code)) return
    onError(error)
    if (++round.invalid >= relayLimits.catchUpInvalid) throw error
  }
}

function batches<Item>(items: readonly Item[]): Item[][] {
  const size = networkLimits.itemsPerRequest
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => {
    return items.slice(index * size, (index + 1) * size)
  })
}
