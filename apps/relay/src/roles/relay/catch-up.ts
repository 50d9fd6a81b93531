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
import type { RelayCatalogue } from './relay-catalogue.ts'
import { relayLimits } from './relay-limits.ts'

export type CatchUpParameters = {
  node: Pick<Libp2p, 'addEventListener' | 'removeEventListener' | 'getConnections'>
  catalogue: RelayCatalogue
  chain: CatalogueChain
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
  running: Map<string, Promise<void>>
}

/** Starts comparing with every relay that connects, and with all of them every few minutes. */
export function startCatchUp(parameters: CatchUpParameters): CatchUp {
  const { node } = parameters
  const runner: Runner = { ...parameters, stopping: new AbortController(), peers: new Map(), running: new Map() }
  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>) => {
    const key = detail.peerId.toString()
    if (!detail.protocols.includes(protocolIds.catalogue) || runner.peers.has(key)) return
    runner.peers.set(key, detail.peerId)
    runOnce(runner, key, (connection, signal) => compare(runner, connection, signal))
  }
  const onDisconnect = ({ detail }: CustomEvent<PeerId>) => runner.peers.delete(detail.toString())
  node.addEventListener('peer:identify', onIdentify)
  node.addEventListener('peer:disconnect', onDisconnect)
  const timer = setInterval(() => {
    for (const key of runner.peers.keys()) {
      runOnce(runner, key, (connection, signal) => compare(runner, connection, signal))
    }
  }, relayLimits.catchUpIntervalMs)
  return {
    fetchWanted() {
      const hashes = runner.catalogue.wanted()
      if (hashes.length === 0) return
      for (const key of runner.peers.keys()) {
        runOnce(runner, key, (connection, signal) => pullManifests(runner, connection, hashes, signal))
      }
    },
    async stop() {
      clearInterval(timer)
      node.removeEventListener('peer:identify', onIdentify)
      node.removeEventListener('peer:disconnect', onDisconnect)
      runner.stopping.abort()
      await Promise.all(runner.running.values())
    },
  }
}

/** One round with a peer at a time; a lost peer is asked again when it connects. */
function runOnce(
  runner: Runner,
  key: string,
  round: (connection: Connection, signal: AbortSignal) => Promise<void>,
): void {
  const connection = pickConnection(runner.node.getConnections(runner.peers.get(key)))
  if (connection === undefined || runner.running.has(key) || runner.stopping.signal.aborted) return
  const signal = AbortSignal.any([runner.stopping.signal, AbortSignal.timeout(relayLimits.catchUpTimeoutMs)])
  const running = round(connection, signal)
    .catch((error: unknown) => {
      if (!runner.stopping.signal.aborted && connection.status === 'open') runner.onError(error)
    })
    .finally(() => runner.running.delete(key))
  runner.running.set(key, running)
}

async function compare(runner: Runner, connection: Connection, signal: AbortSignal): Promise<void> {
  const { catalogue, chain } = runner
  for await (const remote of fetchContents({ connection, signal })) {
    const { hashes, peerIds } = missingFrom({
      wantedHashOf: chain.metadataHashOf,
      hasManifest: catalogue.hasManifest,
      seqOf: catalogue.seqOf,
      remote,
    })
    await pullManifests(runner, connection, hashes, signal)
    for (const some of batches(peerIds)) {
      for await (const signed of fetchRecords({ connection, peerIds: some, signal })) {
        await take(runner, connection, { kind: 'record', signed })
      }
    }
  }
}

async function pullManifests(
  runner: Runner,
  connection: Connection,
  hashes: readonly Hex[],
  signal: AbortSignal,
): Promise<void> {
  for (const some of batches(hashes)) {
    for await (const signed of fetchManifests({ connection, hashes: some, signal })) {
      await take(runner, connection, { kind: 'manifest', signed })
    }
  }
}

/** One bad item does not keep the others away. */
async function take({ accept, onError }: Runner, { remoteAddr }: Connection, item: Announcement): Promise<void> {
  try {
    await accept(item, remoteGroup(remoteAddr.toString()))
  } catch (error) {
    if (!(error instanceof MarketplaceError)) throw error
    onError(error)
  }
}

function batches<Item>(items: readonly Item[]): Item[][] {
  const size = networkLimits.itemsPerRequest
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => {
    return items.slice(index * size, (index + 1) * size)
  })
}
