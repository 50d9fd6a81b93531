/** What the SDK is made of: everything with side effects is handed in. */
import type { Primitives, SessionKey } from '@enigma/crypto'
import type { Hex, NetworkFile, SignedGrant } from '@enigma/protocol'
import type { Libp2p } from '@libp2p/interface'
import type { PublicClient } from 'viem'

/** A session: the key that signs queries and the wallet's grant for it. */
export type Session = { key: SessionKey; grant: SignedGrant }

/** Where sessions are kept, by deployment and account. */
export type KeyStore = {
  /** Whether stored keys must be extractable, because the store is a file. */
  readonly needsExtractableKeys: boolean
  get: (id: string) => Promise<Session | undefined>
  put: (id: string, session: Session) => Promise<void>
  delete: (id: string) => Promise<void>
}

/** A libp2p host; the SDK dials and opens streams, and never listens. */
export type Host = Pick<Libp2p, 'peerId' | 'dial' | 'getConnections' | 'stop'>

export type ClientParts = {
  network: NetworkFile
  host: Host
  keys: KeyStore
  publicClient: PublicClient
  /** Blocks of the first request for a dataset's config; fewer are asked for where the provider refuses. */
  logRangeBlocks?: number | undefined
  /** What seals and hashes rest on here. */
  primitives: Primitives
  /** Unix seconds. */
  nowSeconds: () => number
  /** Milliseconds of a monotonic clock. */
  nowMs: () => number
}

/** What is going on with a query, for a progress line. */
export type QueryStage = 'connect' | 'find' | 'verify' | 'run' | 'decrypt' | 'retry'
export type QueryProgress = { stage: QueryStage; attempt: number; text: string }

/** Blind (default): through a relay that is none of the dataset's nodes. Direct: the node sees this client's address. */
export type QueryPath = 'blind' | 'direct'

/** How the bytes travelled, as the connection itself reports. */
export type Transport = {
  kind: 'webrtc' | 'webrtc-direct' | 'websocket' | 'tcp' | 'circuit' | 'other'
  remoteAddr: string
  remotePeer: string
  /** Whether the connection is a relayed circuit with limits. */
  isLimited: boolean
}

/** The account whose sessions a query uses. */
export type Account = Hex
