/** Rounds with peers, a few at once and one a peer; the others wait in line. */
export type PeerRound = {
  key: string
  /** Goes before those that are not. */
  isFirst: boolean
  /** Covers all that a round which is not whole would do, and takes its place in the line. */
  isWhole: boolean
  /** Never rejects. */
  run: () => Promise<void>
}

export type RoundQueue = {
  /** Queues a round, unless one with the peer is under way, or one that covers it waits. */
  add: (round: PeerRound) => void
  /** Forgets a round that waits. */
  cancel: (key: string) => void
  /** Forgets all that wait; resolves when those under way have ended. */
  stop: () => Promise<void>
}

/** Creates an empty line. */
export function createRoundQueue({ atOnce }: { atOnce: number }): RoundQueue {
  const waiting = new Map<string, PeerRound>()
  const running = new Map<string, Promise<void>>()
  const next = () => {
    while (running.size < atOnce && waiting.size > 0) {
      const rounds = [...waiting.values()]
      const round = rounds.find(({ isFirst }) => isFirst) ?? rounds[0]
      if (round === undefined) return
      waiting.delete(round.key)
      const ended = round.run().finally(() => {
        running.delete(round.key)
        next()
      })
      running.set(round.key, ended)
    }
  }
  return {
    add(round) {
      if (running.has(round.key) || (waiting.has(round.key) && !round.isWhole)) return
      waiting.set(round.key, round)
      next()
    },
    cancel(key) {
      waiting.delete(key)
    },
    async stop() {
      waiting.clear()
      await Promise.all(running.values())
    },
  }
}
