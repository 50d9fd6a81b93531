/**
 * The libp2p host of a daemon (DESIGN §9): TCP, WebSocket, WebRTC-direct, WebRTC over circuit relay; identity and
 * WebRTC certificate on disk, so that addresses given out stay good over a restart.
 */
import { join } from 'node:path'
import { joinWrites } from '@enigma/network'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { type GossipSub, gossipsub, StrictNoSign } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { keychain } from '@libp2p/keychain'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { MemoryDatastore, MountDatastore } from 'datastore-core'
import { FsDatastore } from 'datastore-fs'
import { Key } from 'interface-datastore'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { createDialGate } from '@enigma/client/node/dial-gate'
import { announceTopic, embedTopic } from '@enigma/protocol'
import { gossipMessageId } from './gossip-message-id.ts'
import { hostLimits } from './host-limits.ts'
import { openPeerKey } from './peer-key.ts'

/**
 * `relay`: carries circuits for private nodes, gossips the catalogue. `public`: takes connections. `private`: takes none,
 * and is reached by circuits that it reserves at relays and WebRTC on top of them.
 */
export type HostKind = 'relay' | 'public' | 'private'

export type CreateHostParameters = {
  kind: HostKind
  /** Holds `peer.key` and `libp2p/`. */
  dataDirectory: string
  /** Multiaddrs to listen on; not used by a private node. */
  listen: readonly string[]
  /** Multiaddrs to tell others instead of those listened on; none means those listened on. */
  announce?: readonly string[] | undefined
  /** URLs of STUN and TURN servers; none are asked when empty. */
  iceServers?: readonly string[] | undefined
  /** Relays at which a private node wants a reservation. */
  reservations?: number | undefined
  /** Allows dialling loopback and private addresses. */
  isDevelopment: boolean
  /** Multiaddrs that the operator has named, which may be private also where others may not. */
  trusted?: readonly string[] | undefined
}

export type Host = {
  node: Libp2p
  privateKey: PrivateKey
  /** On relays only. */
  gossip: GossipSub | undefined
  /** Reservations that other nodes hold here. */
  reservationCount: () => number
  /** Closes all connections and the datastore. */
  stop: () => Promise<void>
}

/** Creates and starts the host; it starts whether or not any relay can be reached. */
export async function createHost(parameters: CreateHostParameters): Promise<Host> {
  const { kind, dataDirectory } = parameters
  const privateKey = await openPeerKey({ path: join(dataDirectory, 'peer.key') })
  const disk = new FsDatastore(join(dataDirectory, 'libp2p'))
  await disk.open()
  // Other peers' records would only gather on disk: browsers come with a new peerId each time.
  const datastore = new MountDatastore([
    { prefix: new Key('/peers'), datastore: new MemoryDatastore() },
    { prefix: new Key('/'), datastore: disk },
  ])
  const common = { ...networkOptions(parameters), privateKey, datastore }
  const { node, gossip, reservationCount } = kind === 'relay' ? await createRelay(common) : await createNode(common)
  const stop = async () => {
    await node.stop()
    await disk.close()
  }
  return { node, privateKey, gossip, reservationCount, stop }
}

type CommonOptions = ReturnType<typeof networkOptions> & { privateKey: PrivateKey; datastore: MountDatastore }

type CreatedHost = Pick<Host, 'node' | 'gossip' | 'reservationCount'>

async function createNode(options: CommonOptions): Promise<CreatedHost> {
  const node = await createLibp2p({ ...options, services: commonServices() })
  return { node, gossip: undefined, reservationCount: () => 0 }
}

async function createRelay(options: CommonOptions): Promise<CreatedHost> {
  const node = await createLibp2p({ ...options, services: { ...commonServices(), ...relayServices() } })
  const { gossip, relay } = node.services
  return { node, gossip, reservationCount: () => relay.reservations.size }
}

function commonServices() {
  return { identify: identify(), identifyPush: identifyPush(), ping: ping(), keychain: keychain() }
}

function networkOptions({
  kind,
  listen,
  announce = [],
  iceServers = [],
  reservations = 1,
  isDevelopment,
  trusted = [],
}: CreateHostParameters) {
  const gate = isDevelopment ? undefined : createDialGate({ trusted: trusted.map((text) => multiaddr(text)) })
  const dialOpts = gate === undefined ? {} : { keepAlive: true, lookup: gate.lookup }
  const rtcConfiguration = { iceServers: iceServers.map((urls) => ({ urls })) }
  const circuits = Array.from({ length: reservations }, () => '/p2p-circuit')
  return {
    addresses: { listen: kind === 'private' ? [...circuits, '/webrtc'] : [...listen], announce: [...announce] },
    transports: [
      tcp({ dialOpts }),
      webSockets(),
      webRTC({ rtcConfiguration }),
      webRTCDirect({ rtcConfiguration }),
      circuitRelayTransport({ maxInboundStopStreams: hostLimits.circuitStreams }),
    ],
    connectionEncrypters: [joinWrites(noise())],
    streamMuxers: [yamux({ maxEarlyStreams: hostLimits.earlyStreams })],
    connectionManager: {
      maxConnections: hostLimits.maxConnections,
      inboundConnectionThreshold: hostLimits.inboundConnectionThreshold,
      maxIncomingPendingConnections: hostLimits.maxIncomingPendingConnections,
    },
    connectionGater: { denyDialMultiaddr: gate?.denyDialMultiaddr ?? (() => false) },
  }
}

function relayServices() {
  return {
    relay: circuitRelayServer({
      maxInboundHopStreams: hostLimits.circuitStreams,
      maxOutboundHopStreams: hostLimits.circuitStreams,
      maxOutboundStopStreams: hostLimits.circuitStreams,
      reservations: {
        maxReservations: hostLimits.maxReservations,
        defaultDataLimit: hostLimits.circuitBytes,
        defaultDurationLimit: hostLimits.circuitDurationMs,
      },
    }),
    gossip: gossipsub({
      // What is announced is signed by its author; who passed it on says nothing.
      globalSignaturePolicy: StrictNoSign,
      msgIdFn: gossipMessageId,
      allowedTopics: [announceTopic, embedTopic],
      allowPublishToZeroTopicPeers: true,
      emitSelf: false,
      ignoreDuplicatePublishError: true,
      maxInboundDataLength: hostLimits.gossipBytes,
      maxOutboundBufferSize: hostLimits.gossipOutboundBytes,
    }),
  }
}
