/**
 * Limits of libp2p that a daemon raises, with what the library's defaults did when they were measured. Relays, public and
 * private nodes all need them: behind a relay, every client has the relay's address.
 */
export const hostLimits = {
  /** Streams that come before a connection is wholly set up; beyond the default 10 the whole connection is dropped. */
  earlyStreams: 64,
  /** Connections kept open. Default 300. */
  maxConnections: 2000,
  /** New connections a second from one host; default 5, which one relay's clients exceed together. */
  inboundConnectionThreshold: 1000,
  /** Handshakes under way; default 10. */
  maxIncomingPendingConnections: 1000,
  /** Reservations that a relay grants; default 15. */
  maxReservations: 1000,
  /** What one circuit may carry; default 128 KiB, framing included, and the circuit dies at the limit. */
  circuitBytes: 1n << 30n,
  /** How long one circuit may last; default 2 minutes. */
  circuitDurationMs: 3_600_000,
  /** Streams by which circuits are opened; the defaults stop at 32 circuits. */
  circuitStreams: 1000,
  /** Gossip messages larger than this are not read: a manifest with its wrapping. */
  gossipBytes: 512 * 1024,
  /** Unsent gossip for one peer, beyond which it is dropped. */
  gossipOutboundBytes: 8 * 1024 * 1024,
} as const
