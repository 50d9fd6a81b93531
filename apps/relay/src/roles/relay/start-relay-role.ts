/** The relay role: catalogue, gossip, anti-entropy and the routing of queries, composed over a host (DESIGN §5, §9). */
import type { DatabaseSync } from 'node:sqlite'
import type { CataloguePage } from '@enigma/catalogue'
import {
  type Announcement,
  createStreamPool,
  decodeGossip,
  encodeGossip,
  handleCatalogue,
  handleLocate,
  handleQueries,
  type Location,
  type PageRequest,
  type ProtocolServer,
  type QueryHandler,
  remoteGroup,
  type RemotePeer,
  type TransferObserver,
} from '@enigma/network'
import { announceTopic, type Deployment, type Embed, type Hex, protocolIds } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { systemClock } from '../../clock.ts'
import type { Host } from '../../host/create-host.ts'
import type { CatalogueChain } from './catalogue-chain.ts'
import { createCatalogueStore } from './catalogue-store.ts'
import { startCatchUp } from './catch-up.ts'
import { createForwarder } from './create-forwarder.ts'
import { gossipSenders } from './gossip-senders.ts'
import type { EmbedDeskParts } from './embeds/embed-desk.ts'
import { startEmbeds } from './embeds/start-embeds.ts'
import { createNextHops } from './next-hops.ts'
import { createNodeProbe } from './observation/create-node-probe.ts'
import type { OpenDataset } from './observation/look-at-dataset.ts'
import { createObservationStore, type ObservationStore } from './observation/observation-store.ts'
import { startObserver } from './observation/start-observer.ts'
import { createRelayCatalogue, type RelayCatalogue } from './relay-catalogue.ts'
import { relayLimits } from './relay-limits.ts'
import { startGossip } from './start-gossip.ts'
import type { ForwardWatch } from './watch-forwards.ts'

export type StartRelayRoleParts = {
  /** A host of kind `relay`. */
  host: Pick<Host, 'node' | 'gossip'>
  /** Opened with `relayMigrations`. */
  database: DatabaseSync
  chain: CatalogueChain
  deployment: Deployment
  /** Ends of an account's paid time and trial of a dataset, as of the chain mirror's head. */
  accessOf: EmbedDeskParts['accessOf']
  /** For embeds of smart accounts; without it only plain accounts have embeds here. */
  verifyContractSignature?: EmbedDeskParts['verifyContractSignature']
  /** Answers queries for this very node, where it is a persistence node too. */
  answer?: QueryHandler | undefined
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
  /** From 0 to below 1: spreads the looks at datasets. */
  random: () => number
  /** How long a pushed manifest may wait for its transaction to be seen; `relayLimits.chainWaitMs` when absent. */
  chainWaitMs?: number | undefined
  /** Multiaddrs of the network's bootstrap relays, with their `/p2p/` part: their records are kept whatever comes. */
  bootstrapRelays?: readonly string[] | undefined
  /** Told of the bytes that queries hold here, for metrics. */
  observer?: TransferObserver | undefined
  /** Called at the start of each query that is passed on, for metrics. */
  watchForward?: (() => ForwardWatch) | undefined
  onError: (error: unknown) => void
}

export type RelayRole = {
  /** What this relay knows of a dataset; undefined when the chain names no manifest that it has. */
  locate: (dataset: Hex) => Location | undefined
  describe: RelayCatalogue['describe']
  /** The highest revision of an embed that this relay was told of. */
  embedOf: (id: Hex) => Embed | undefined
  /** A page of the catalogue, as the catalogue protocol answers it. */
  page: (request: PageRequest) => CataloguePage
  /** Stores this node's own manifest or record and tells the other relays. */
  announceOwn: (item: Announcement) => Promise<void>
  /** To be called when the chain mirror has moved. */
  chainChanged: () => void
  stop: () => Promise<void>
}

/** Starts the role; throws `TypeError` for a host without gossip. */
export async function startRelayRole(parts: StartRelayRoleParts): Promise<RelayRole> {
  const { host, database, chain, onError, chainWaitMs = relayLimits.chainWaitMs } = parts
  if (host.gossip === undefined) throw new TypeError('host must be of kind relay')
  const { node } = host
  const observations = createObservationStore({ database })
  const catalogue = createRelayCatalogue({
    ...parts,
    observedOf: (dataset) => observations.observedOf(dataset, parts.nowSeconds()),
    store: createCatalogueStore({ database }),
    protectedPeers: new Set([node.peerId.toString(), ...(parts.bootstrapRelays ?? []).flatMap(peerIdOf)]),
    connectedPeers: () => new Set(node.getPeers().map((peer) => peer.toString())),
  })
  const accept = (item: Announcement, sender: string) => catalogue.accept(item, { waitMs: 0, sender })
  const { gossipPerSecond: perSecond, gossipBurst: burst } = relayLimits
  const gossip = startGossip<Announcement>({
    ...{ gossip: host.gossip, topic: announceTopic, encode: encodeGossip, decode: decodeGossip, accept },
    ...gossipSenders({ node, perSecond, burst, nowMs: parts.nowMs }),
    onError,
  })
  const catchUp = startCatchUp({ node, catalogue, chain, accept, onError })
  const acceptPushed = async (item: Announcement, sender: string, signal?: AbortSignal) => {
    const { isNew } = await catalogue.accept(item, { waitMs: chainWaitMs, sender, signal })
    if (isNew) await gossip.publish(item)
    return { isNew }
  }
  const source = {
    ...catalogue,
    accept: (item: Announcement, { remote, signal }: { remote: RemotePeer; signal: AbortSignal }) =>
      acceptPushed(item, remoteGroup(remote.address), signal),
  }
  const embeds = await startEmbeds({ ...parts, node, gossip: host.gossip })
  const routing = await startRouting(parts, catalogue, observations)
  const servers = await Promise.all([
    handleLocate({ host: node, locate: catalogue.locate, onError }),
    handleCatalogue({ host: node, catalogue: source, onError }),
  ])
  return {
    locate: catalogue.locate,
    describe: catalogue.describe,
    embedOf: embeds.embedOf,
    page: catalogue.page,
    announceOwn: async (item) => {
      await acceptPushed(item, 'own')
    },
    chainChanged() {
      catalogue.chainChanged()
      catchUp.fetchWanted()
    },
    async stop() {
      gossip.stop()
      await Promise.all([catchUp.stop(), embeds.stop(), routing.stop(), ...servers.map((server) => server.stop())])
    },
  }
}

function peerIdOf(address: string): string[] {
  const peerId = multiaddr(address)
    .getComponents()
    .find(({ name }) => name === 'p2p')?.value
  return peerId === undefined ? [] : [peerId]
}

/** What goes to nodes from here: queries that are passed on, and the questions of the observer. */
async function startRouting(
  parts: StartRelayRoleParts,
  catalogue: RelayCatalogue,
  store: ObservationStore,
): Promise<ProtocolServer> {
  const { host, answer, deployment, nowSeconds, nowMs, random, observer, watchForward, onError } = parts
  const { node } = host
  const { nodeRecordOf, isOpen } = catalogue
  const streams = createStreamPool({ protocol: protocolIds.query, nowMs })
  const hops = createNextHops({ node, nodeRecordOf, nowMs })
  const forward = createForwarder({ hops, streams, nowMs, observer, watchForward })
  const peerId = node.peerId.toString()
  const server = await handleQueries({ host: node, peerId, answer, forward, nowMs, observer, onError })
  const watching = startObserver({
    openDatasets: () => withoutNode(catalogue.openDatasets(), peerId),
    hasOtherCompany: (peerIds) => node.getPeers().some((peer) => !peerIds.includes(peer.toString())),
    probe: createNodeProbe({ hops, streams, deployment, nowSeconds, nowMs }),
    clock: { ...systemClock, nowMs },
    ...{ nodeRecordOf, isOpen, store, nowSeconds, random, onError },
  })
  return {
    async stop() {
      await Promise.all([watching.stop(), server.stop()])
      streams.close()
    },
  }
}

/** What a node says of itself is no observation, and of a dataset that no other serves it has none. */
function withoutNode(datasets: readonly OpenDataset[], peerId: string): OpenDataset[] {
  return datasets.flatMap((dataset) => {
    const nodes = dataset.nodes.filter((node) => node.peerId !== peerId)
    return nodes.length === 0 && dataset.nodes.length > 0 ? [] : [{ ...dataset, nodes }]
  })
}
