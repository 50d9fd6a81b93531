/** What the SDK is made of: everything with side effects is handed in. */
import type { ChainClient, ChainReader } from '@enigma/chain'
import type { Primitives, SessionKey } from '@enigma/crypto'
import type { GrantChain, Hex, NetworkFile, SignedGrant, TemplateClaim } from '@enigma/protocol'
import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { DecodeAnswer } from './decode/decode-answer.ts'
import type { InflateRaw } from './query/decode-batch.ts'

/** A session: the key that signs queries and the wallet's grant for it. */
export type Session = { key: SessionKey; grant: SignedGrant }

/** By what a query is asked: the key that signs it, its grants from the wallet's down, and the template that it is. */
export type Authority = { key: SessionKey; grants: GrantChain; template?: TemplateClaim | undefined }

/** Where sessions are kept, by deployment and account. */
export type KeyStore = {
  /** Whether stored keys must be extractable, because the store is a file. */
  readonly needsExtractableKeys: boolean
  get: (id: string) => Promise<Session | undefined>
  put: (id: string, session: Session) => Promise<void>
  delete: (id: string) => Promise<void>
}

/**
 * A libp2p host; the SDK dials one address at a time, opens streams, and never listens. A `Libp2p` is one. What it handles is
 * asked by peers that it has dialled: nodes, while something is published from here.
 */
export type Host = Pick<Libp2p, 'handle' | 'unhandle'> & {
  readonly peerId: PeerId
  /** A new connection, also beside one that is open. */
  dial: (address: Multiaddr, options: { signal: AbortSignal; force: true }) => Promise<Connection>
  getConnections: () => Connection[]
  stop: () => Promise<void> | void
}

/** A relay that is known from before. */
export type RelayMemo = {
  peerId: string
  /** When it last answered, in Unix milliseconds. */
  answeredAt: number
  /** Whether the user chose it. */
  isPreferred: boolean
}

/** Good relays of a network from earlier times. */
export type RelayMemory = {
  /** What was remembered when the client was created. */
  readonly memos: readonly RelayMemo[]
  /** Replaces what is remembered; a browser that refuses to store forgets with the page. */
  save: (memos: readonly RelayMemo[]) => void
}

/** Where answers are decoded besides this thread. */
export type DecoderSource = {
  /** The decoder that is ready now; undefined for this thread's own. */
  current: () => DecodeAnswer | undefined
  /** Begins, where it has not: what makes the next answers fast. */
  warm: () => void
  /** Begins, where it has not, and gives the decoder; undefined where none becomes ready in a while. */
  ready: () => Promise<DecodeAnswer | undefined>
  close: () => void
}

export type ClientParts = {
  network: NetworkFile
  host: Host
  keys: KeyStore
  /** Whether an address can be dialled from here; every one when absent. */
  canDial?: ((address: Multiaddr) => boolean) | undefined
  /** None when absent. */
  relayMemory?: RelayMemory | undefined
  /** Decodes answers elsewhere than on this thread; on this one when absent. */
  decoder?: DecoderSource | undefined
  publicClient: ChainReader
  /** What sends transactions and looks balances up; large, and made when it is first needed. */
  chainClient: () => Promise<ChainClient>
  /** Blocks of the first request for a dataset's config; fewer are asked for where the provider refuses. */
  logRangeBlocks?: number | undefined
  /** What seals and hashes rest on here. */
  primitives: Primitives
  inflate: InflateRaw
  /** Unix seconds. */
  nowSeconds: () => number
  /** Milliseconds of a monotonic clock. */
  nowMs: () => number
}

/** What one needs who asks without an account. */
export type AskingParts = Omit<ClientParts, 'keys' | 'publicClient' | 'chainClient' | 'logRangeBlocks'> & {
  /** By whom smart accounts are asked whether an embed is theirs (ERC-1271); plain accounts alone when absent. */
  publicClient?: Pick<ChainReader, 'request'> | undefined
}

/** What is going on with a query, for a progress line. */
export type QueryStage = 'connect' | 'find' | 'verify' | 'run' | 'decrypt' | 'retry'

/** `transport`: of the connection that leads here, as far as this client sees it; undefined for itself and past a relay. */
export type QueryHop = { role: 'client' | 'relay' | 'node'; peerId: string; transport: Transport | undefined }

export type QueryProgress = {
  stage: QueryStage
  attempt: number
  text: string
  /** Milliseconds since the query began. */
  elapsedMs: number
  /** The path as far as it stands. */
  hops: readonly QueryHop[]
}

/** A stage of an attempt; `startMs` since the query began. */
export type StageTime = { stage: QueryStage; attempt: number; startMs: number; ms: number }

/** The way that an answer came; stages of failed attempts come before those of the last one. */
export type QueryTrace = { hops: readonly QueryHop[]; stages: readonly StageTime[] }

/** Blind (default): through a relay that is none of the dataset's nodes. Direct: the node sees this client's address. */
export type QueryPath = 'blind' | 'direct'

/** What carries a connection; `circuit` is a relay that passes sealed bytes on. */
export type TransportKind = 'webrtc' | 'webrtc-direct' | 'websocket' | 'tcp' | 'circuit' | 'other'

/** What a caller would rather have; it is used where a path has it, and another one elsewhere. */
export type TransportPreference = 'any' | 'websocket' | 'webrtc'

/** How the bytes travelled, as the connection itself reports. */
export type Transport = {
  kind: TransportKind
  remoteAddr: string
  remotePeer: string
  /** Whether the connection is a relayed circuit with limits. */
  isLimited: boolean
}

/** The account whose sessions a query uses. */
export type Account = Hex
