/** Limits of the relay role, with the reason of each. */
export const relayLimits = {
  /** Records kept of nodes that no manifest lists, such as relays and nodes that wait to be listed. */
  unlistedRecords: 1000,
  /** Of these, records that came from one address. */
  unlistedPerSender: 250,
  /** Announcements by gossip that one address may pass on, and how many it may save up. */
  gossipPerSecond: 20,
  gossipBurst: 1000,
  /** The same of embeds, which are larger and cost a wallet's signature to verify. */
  embedGossipPerSecond: 20,
  embedGossipBurst: 500,
  /** How long a pushed manifest may wait for the chain mirror to see its transaction. */
  chainWaitMs: 8_000,
  /** Announcements that wait so at once. */
  chainWaiters: 64,
  /** The node itself and the relays that its record names, of which a stranger may name any number. */
  hopsTried: 4,
  /** For one dial on behalf of a query: the asker waits. */
  dialTimeoutMs: 5_000,
  /** An address that failed is not dialled again for this long. */
  dialPauseMs: 3_000,
  /** Addresses remembered as failed. */
  dialPauses: 10_000,
  /** Between two rounds of comparing catalogues with the other relays. */
  catchUpIntervalMs: 300_000,
  /** For one round with one relay. */
  catchUpTimeoutMs: 120_000,
  /** Rounds at once; the other peers wait for their turn. */
  catchUpRounds: 2,
  /** Records of nodes that nobody lists, asked for in one round: a peer can name any number. */
  catchUpUnlisted: 256,
  /** Invalid items after which a peer is not asked again. */
  catchUpInvalid: 8,
  /** Embeds that another relay lists and that are asked for in one request: 1 MiB at most. */
  catchUpEmbeds: 16,
  /** Peers remembered as not to be asked. */
  catchUpDropped: 10_000,
  /** Between two looks at a dataset, on average; more where many datasets share a node. */
  lookIntervalMs: 60_000,
  /** A new dataset is looked at within this time, and all of them after a start, not at one moment. */
  firstLookMs: 5_000,
  /** Looks under way at once, and between the starts of two. */
  looksAtOnce: 8,
  lookPauseMs: 50,
  /** After this, where nothing is due, it is seen whether something is. */
  idleLookMs: 1_000,
  /** For one look, whatever ways to its nodes are tried. */
  lookTimeoutMs: 15_000,
  /** Nodes asked in one look, by chance: a manifest may list 32. */
  nodesPerLook: 8,
  /** A node is left in peace for this long after a look. */
  nodePauseMs: 2_000,
  /** A dataset that has never answered is down after this; before it, its first rows may be on their way. */
  firstRowsMs: 600_000,
  /** A dataset that was watched before is not down within this time of a start: its nodes may not be connected yet. */
  restartMs: 120_000,
  /** Looks in a row that may say nothing before they count as unanswered. */
  emptyLooks: 3,
  /** After this the observer takes note of what is new in the catalogue, and drops what has left it. */
  watchRefreshMs: 2_000,
} as const
