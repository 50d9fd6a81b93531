/** The relay role: catalogue, gossip, anti-entropy and the routing of queries, composed over a host (DESIGN §5, §9). */
import type { DatabaseSync } from 'node:sqlite'
import {
  type Announcement,
  createStreamPool,
  handleCatalogue,
  handleLocate,
  handleQueries,
  type Location,
  type ProtocolServer,
  type QueryHandler,
  type TransferObserver,
} from '@enigma/network'
import { type Deployment, type Hex, protocolIds } from '@enigma/protocol'
import type { Host } from '../../host/create-host.ts'
import type { CatalogueChain } from './catalogue-chain.ts'
import { createCatalogueStore } from './catalogue-store.ts'
import { startCatchUp } from './catch-up.ts'
import { createForwarder } from './create-forwarder.ts'
import { createRelayCatalogue } from './relay-catalogue.ts'
import { relayLimits } from './relay-limits.ts'
import { startGossip } from './start-gossip.ts'

export type StartRelayRoleParts = {
  /** A host of kind `relay`. */
  host: Pick<Host, 'node' | 'gossip'>
  /** Opened with `relayMigrations`. */
  database: DatabaseSync
  chain: CatalogueChain
  deployment: Deployment
  /** Answers queries for this very node, where it is a persistence node too. */
  answer?: QueryHandler | undefined
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
  /** How long a pushed manifest may wait for its transaction to be seen; `relayLimits.chainWaitMs` when absent. */
  chainWaitMs?: number | undefined
  /** Told of the bytes that queries hold here, for metrics. */
  observer?: TransferObserver | undefined
  onError: (error: unknown) => void
}

export type RelayRole = {
  /** What this relay knows of a dataset; undefined when the chain names no manifest that it has. */
  locate: (dataset: Hex) => Location | undefined
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
  const catalogue = createRelayCatalogue({ ...parts, store: createCatalogueStore({ database }) })
  const accept = (item: Announcement) => catalogue.accept(item, { waitMs: 0 })
  const gossip = startGossip({ gossip: host.gossip, accept, onError })
  const catchUp = startCatchUp({ node: host.node, catalogue, chain, accept, onError })
  const publish = async (item: Announcement, isNew: boolean) => {
    if (isNew) await gossip.publish(item)
    return { isNew }
  }
  const acceptPushed = async (item: Announcement, signal?: AbortSignal) => {
    const { isNew } = await catalogue.accept(item, { waitMs: chainWaitMs, signal })
    return publish(item, isNew)
  }
  const source = {
    ...catalogue,
    accept: (item: Announcement, origin: { signal: AbortSignal }) => acceptPushed(item, origin.signal),
  }
  const routing = await startRouting(parts, catalogue)
  const servers = await Promise.all([
    handleLocate({ host: host.node, locate: catalogue.locate, onError }),
    handleCatalogue({ host: host.node, catalogue: source, onError }),
  ])
  return {
    locate: catalogue.locate,
    announceOwn: async (item) => {
      await acceptPushed(item)
    },
    chainChanged() {
      catalogue.chainChanged()
      catchUp.fetchWanted()
    },
    async stop() {
      gossip.stop()
      await Promise.all([catchUp.stop(), routing.stop(), ...servers.map((server) => server.stop())])
    },
  }
}

async function startRouting(
  { host: { node }, answer, nowMs, observer, onError }: StartRelayRoleParts,
  { nodeRecordOf }: Pick<ReturnType<typeof createRelayCatalogue>, 'nodeRecordOf'>,
): Promise<ProtocolServer> {
  const streams = createStreamPool({ protocol: protocolIds.query, nowMs })
  const forward = createForwarder({ node, streams, nodeRecordOf, nowMs, observer })
  const peerId = node.peerId.toString()
  const server = await handleQueries({ host: node, peerId, answer, forward, nowMs, observer, onError })
  return {
    async stop() {
      await server.stop()
      streams.close()
    },
  }
}
