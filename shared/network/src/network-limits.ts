/** Limits of the peer-to-peer protocols that are not part of a record: windows, buffers, times (DESIGN §9). */
import { limits } from '@enigma/protocol'

export const networkLimits = {
  /** The largest frame of any protocol: a manifest or answer frame with its wrapping. */
  frameBytes: Math.max(limits.frameBytes, limits.manifestBytes) + 8 * 1024,
  /** What a sender may have under way that the reader has not consumed; a relay holds at most this and one frame. */
  windowBytes: 512 * 1024,
  /** Unread bytes of one stream at which the peer is made to pause. */
  pauseAtBytes: 640 * 1024,
  /** Unread bytes that a paused stream may still take before it is reset. */
  overflowBytes: 256 * 1024,
  /** For a frame to arrive whole once it is due, and for a frame to be taken by the transport. */
  frameTimeoutMs: 10_000,
  /** For a stream to be opened and its protocol agreed. */
  openTimeoutMs: 6_000,
  /** A sender that is still working says so this often. */
  aliveIntervalMs: 4_000,
  /** Silence of a sender after which the reader gives up. */
  idleTimeoutMs: 12_000,
  /** A sender that only says that it is alive is given up after this long, for all requests but queries and offers. */
  callQuietMs: 30_000,
  /** For the whole answer of such a request. */
  callTotalMs: 300_000,
  /** A relay gives up a node that only says that it is alive: the longest `timeoutSeconds` of a manifest and a minute. */
  queryQuietMs: 660_000,
  /** For a query from its request to the end of its answer; a node itself stops after 15 minutes. */
  queryTotalMs: 20 * 60_000,
  /** For a node to take in a snapshot that it was offered, in time to refuse it itself. */
  offerTimeoutMs: 2 * 3_600_000,
  /** A segment must come at least this fast; one that was cut goes on where it ended. */
  segmentBytesPerSecond: 16 * 1024,
  /** A reader that does not make room for one frame in this time loses its answer. */
  stallTimeoutMs: 120_000,
  /** How long a pre-opened stream may wait for its request. */
  pooledStreamIdleMs: 300_000,
  /** Streams of one protocol that one connection may hold open. */
  streamsPerConnection: 1024,
  /** Requests of one protocol that one peer may make, and how many it may save up. */
  requestsPerSecond: 50,
  requestBurst: 200,
  /** Manifests or records that one request may name. */
  itemsPerRequest: 64,
  /** Entries of one page of the catalogue. */
  pageEntries: 50,
} as const
