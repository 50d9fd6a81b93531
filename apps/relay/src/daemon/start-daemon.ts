/** Composes a node from its settings: state, chain, host, roles, record, health; and takes it apart again. */
import type { VerifyContractSignature } from '@enigma/crypto'
import { handleQueries } from '@enigma/network'
import { type Hex, limits } from '@enigma/protocol'
import { createChainMirror } from '../chain-mirror/chain-mirror.ts'
import { createContractSignatures } from '../chain-mirror/contract-signatures.ts'
import { deploymentOf, publicClientOf, walletClientOf } from '../commands/context.ts'
import { signerOf } from '../commands/signer.ts'
import type { NodeConfig } from '../config.ts'
import { createHost, type Host } from '../host/create-host.ts'
import { createNodeRecordAnnouncer } from '../host/node-record-announcer.ts'
import { createRelayKeeper } from '../host/relay-keeper.ts'
import { createCatalogueChain } from '../roles/relay/catalogue-chain.ts'
import { type RelayRole, startRelayRole } from '../roles/relay/start-relay-role.ts'
import { startWebServer } from '../http/web/start-web-server.ts'
import { startHealthServer } from '../http/health-server.ts'
import { startKeeper } from '../keeper/start-keeper.ts'
import { writeNodeFile } from './data-directory.ts'
import { createDataRoles, type DataRoles } from './data-roles.ts'
import { readKeyFile } from './key-file.ts'
import type { Log } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { type NodeState, openNodeState } from './node-state.ts'
import { createPeers } from './peers.ts'

export type Daemon = { stop: () => Promise<void> }
export type StartDaemonParameters = { config: NodeConfig; log: Log; signal: AbortSignal }

const nowSeconds = () => Math.floor(Date.now() / 1000)
const nowMs = () => performance.now()
const keyCheckMs = 3_600_000

/** What is stopped at the end, in the opposite order of its start. */
type Stops = (() => Promise<void> | void)[]

/** Starts a node; when a part of it cannot start, what was started is stopped again and the error is thrown. */
export async function startDaemon(parameters: StartDaemonParameters): Promise<Daemon> {
  const stops: Stops = []
  const stop = async () => {
    for (const each of stops.splice(0).toReversed()) await each()
  }
  try {
    await start(parameters, stops)
    return { stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start({ config, log }: StartDaemonParameters, stops: Stops): Promise<void> {
  const state = await openNodeState({
    directory: config.dataDirectory,
    nowSeconds,
    onDamaged: (error) => log.error({ error }, 'a stored snapshot cannot be read; an older one serves'),
  })
  stops.push(() => state.close())
  const onChainChange = new Set<() => void>()
  const mirror = await startMirror({
    config,
    state,
    log,
    stops,
    onChange: () => onChainChange.forEach((tell) => tell()),
  })
  const host = await createHost({
    kind: config.roles.includes('relay') ? 'relay' : config.private ? 'private' : 'public',
    dataDirectory: config.dataDirectory,
    listen: config.listen,
    announce: config.announce,
    iceServers: config.iceServers,
    isDevelopment: config.development,
    trusted: [...config.networkFile.relays, ...config.relays],
  })
  stops.push(() => host.stop())
  const verifyContractSignature = createContractSignatures({ publicClient: publicClientOf(config.networkFile), nowMs })
  const shared = { config, log, state, mirror, host, stops, onChainChange, verifyContractSignature }
  await startNetwork({ ...shared, metrics: createMetrics() })
}

type MirrorParts = { config: NodeConfig; state: NodeState; log: Log; stops: Stops; onChange: () => void }

async function startMirror({ config, state, log, stops, onChange }: MirrorParts) {
  const mirror = createChainMirror({
    publicClient: publicClientOf(config.networkFile),
    deployment: config.networkFile,
    database: state.databases.chain,
    nowSeconds,
    pollIntervalMs: config.chain.pollIntervalMs,
    maxHeadAgeSeconds: config.chain.maxHeadAgeSeconds,
    onEvents: onChange,
    onError: (error) => log.warn({ error }, 'the chain cannot be followed; trying again'),
  })
  stops.push(() => mirror.stop())
  log.info({ block: config.networkFile.deploymentBlock }, 'reading the chain')
  await mirror.start()
  return mirror
}

type NetworkParts = {
  config: NodeConfig
  log: Log
  state: NodeState
  mirror: ReturnType<typeof createChainMirror>
  host: Host
  stops: Stops
  verifyContractSignature: VerifyContractSignature
  /** What is told of each change of the chain. */
  onChainChange: Set<() => void>
  metrics: Metrics
}

async function startNetwork(parts: NetworkParts): Promise<void> {
  const { config, log, state, mirror, host, stops, metrics, verifyContractSignature } = parts
  const deployment = deploymentOf(config.networkFile)
  const onError = (error: unknown) => log.warn({ error }, 'network')
  const keeper = createRelayKeeper({
    host: host.node,
    relays: [...config.networkFile.relays, ...config.relays],
    needsReservation: config.private,
    onReady: (connection) => {
      log.info({ relay: connection.remotePeer.toString() }, 'relay ready')
      announcer.pushTo(connection).catch(onError)
    },
  })
  const locateHere = (dataset: Hex) => relay?.locate(dataset)
  const embedHere = config.roles.includes('relay') ? (id: Hex) => relay?.embedOf(id) : undefined
  const peers = createPeers({
    node: host.node,
    deployment,
    relays: keeper.connections,
    locateHere,
    embedHere,
    nowSeconds,
  })
  const onDatasets = () => void announcer.refresh().catch(onError)
  const shared = { config, deployment, state, host, mirror, peers, log, nowSeconds, metrics, verifyContractSignature }
  const roles = createDataRoles({ ...shared, onDatasets })
  const announcer = createNodeRecordAnnouncer({
    host: host.node,
    privateKey: host.privateKey,
    signer: signerOf(state.signer),
    deployment,
    roles: config.roles,
    queryKey: () => ({ publicKey: state.queryKeys.current.queryKey, keyId: state.queryKeys.current.keyId }),
    datasets: () => roles.persistence?.datasets() ?? [],
    accepts: () => roles.acceptsGuests,
    settings: state.settings,
    relays: keeper.connections,
    onRecord: async (signed) => {
      await state.queryKeys.keepCurrentUntil(nowSeconds() + 2 * limits.nodeRecordSeconds)
      await relay?.announceOwn({ kind: 'record', signed })
    },
    nowSeconds,
    onError,
  })
  const relay = config.roles.includes('relay') ? await startRelay(parts, roles, onError) : undefined
  if (relay === undefined) await serveQueries(parts, roles, onError)
  await roles.start()
  stops.push(() => roles.stop())
  keeper.start()
  stops.push(() => keeper.stop())
  await announcer.start()
  stops.push(() => announcer.stop())
  stops.push(rotateKeys(state, announcer.refresh, onError))
  await startRenewals(parts, onError)
  const webUrl = relay === undefined ? undefined : await startWeb(parts, relay, onError)
  await startHealth({ ...parts, keeper, roles, webUrl })
}

/** The keeper of subscriptions, where the operator named a key that pays for renewals. */
async function startRenewals(
  { config, log, mirror, stops }: NetworkParts,
  onError: (error: unknown) => void,
): Promise<void> {
  const { key, curators } = config.keeper
  if (key === undefined) return
  const account = await readKeyFile({ path: key })
  const { networkFile } = config
  const renewals = startKeeper({
    mirror,
    publicClient: publicClientOf(networkFile),
    walletClient: walletClientOf(networkFile, account),
    deployment: networkFile,
    curators: curators.length === 0 ? [signerOf(account).address] : curators,
    nowMs: Date.now,
    onRenewed: (result) => log.info(result, 'renewed'),
    onError,
  })
  stops.push(() => renewals.stop())
}

/** A new query key each day; the one before opens until the last record that named it has expired. */
function rotateKeys({ queryKeys }: NodeState, refresh: () => Promise<void>, onError: (error: unknown) => void) {
  const rotate = () => void queryKeys.rotate({ maxAgeSeconds: limits.nodeRecordSeconds }).then(refresh).catch(onError)
  const timer = setInterval(rotate, keyCheckMs)
  return () => clearInterval(timer)
}

async function startRelay(
  { config, state, mirror, host, stops, onChainChange, metrics, verifyContractSignature }: NetworkParts,
  { persistence }: DataRoles,
  onError: (error: unknown) => void,
): Promise<RelayRole> {
  const chain = createCatalogueChain({ mirror, referencePrice: BigInt(config.networkFile.referencePriceWei), nowMs })
  const deployment = deploymentOf(config.networkFile)
  const database = state.databases.catalogue
  const relay = await startRelayRole({
    host,
    database,
    chain,
    deployment,
    accessOf: mirror.accessOf,
    verifyContractSignature,
    answer: persistence?.answer,
    watchForward: metrics.watchForward,
    nowSeconds,
    nowMs,
    random: Math.random,
    onError,
  })
  const tell = () => {
    chain.changed()
    relay.chainChanged()
  }
  onChainChange.add(tell)
  stops.push(() => relay.stop())
  tell()
  return relay
}

async function serveQueries(
  { host, stops }: NetworkParts,
  { persistence }: DataRoles,
  onError: (error: unknown) => void,
) {
  const peerId = host.node.peerId.toString()
  const queries = await handleQueries({ host: host.node, peerId, answer: persistence?.answer, nowMs, onError })
  stops.push(() => queries.stop())
}

/** The web app, where the operator's settings name it. */
async function startWeb(
  { config, log, stops }: NetworkParts,
  { page, describe, embedOf }: RelayRole,
  onError: (error: unknown) => void,
): Promise<string | undefined> {
  if (config.web === undefined) return undefined
  const web = await startWebServer({
    ...config.web,
    networkPath: config.network,
    page,
    describe,
    embedOf,
    nowMs,
    onError,
  })
  stops.push(() => web.stop())
  log.info({ url: web.url }, 'web app')
  return web.url
}

type HealthParts = NetworkParts & {
  webUrl: string | undefined
  keeper: ReturnType<typeof createRelayKeeper>
  roles: DataRoles
}

async function startHealth({
  config,
  log,
  mirror,
  state,
  host,
  stops,
  keeper,
  roles,
  webUrl,
  metrics,
}: HealthParts): Promise<void> {
  metrics.watch({
    persistence: () => roles.persistence?.health(),
    connections: () => host.node.getConnections(),
    reservations: host.reservationCount,
    relays: keeper.links,
    chain: mirror.health,
  })
  const health = await startHealthServer({
    port: config.httpPort,
    registry: metrics.registry,
    health: () => {
      const links = keeper.links()
      const isReachable = !config.private || links.some((link) => link.state === 'ready')
      return {
        ok: !mirror.health().isStale && isReachable,
        peerId: host.node.peerId.toString(),
        signer: state.signer.address,
        roles: config.roles,
        webUrl,
        multiaddrs: host.node.getMultiaddrs().map((address) => address.toString()),
        connections: host.node.getConnections().length,
        chain: mirror.health(),
        relays: links,
        persistence: roles.persistence?.health(),
        runs: roles.worker?.runs({ limit: 5 }),
      }
    },
  })
  stops.push(() => health.stop())
  const node = {
    pid: process.pid,
    httpPort: health.port,
    peerId: host.node.peerId.toString(),
    signer: state.signer.address.toLowerCase(),
  }
  await writeNodeFile({ directory: config.dataDirectory, node })
  log.info({ ...node, multiaddrs: host.node.getMultiaddrs().map(String) }, 'node started')
}
