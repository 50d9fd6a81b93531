/** The way of the last query that this tab asked and verified, for the network page; it is gone with the tab. */
import type { QueryResult, QueryTrace } from '@enigma/client'

export type LastQuery = {
  dataset: string
  path: 'blind' | 'direct'
  rowCount: number
  totalMs: number
  /** Milliseconds by the node's own word. */
  node: { verifyMs: number; runMs: number }
  trace: QueryTrace
  /** When it ended, in Unix seconds. */
  endedAt: number
}

class LastQueryState {
  query = $state.raw<LastQuery>()

  /** Takes the place of the one before. */
  keep(dataset: string, { path, rowCount, timings, trace }: QueryResult): void {
    const { totalMs, verifyMs, engineMs: runMs } = timings
    this.query = {
      ...{ dataset, path, rowCount, totalMs, trace, node: { verifyMs, runMs } },
      endedAt: Math.floor(Date.now() / 1000),
    }
  }
}

export const lastQuery = new LastQueryState()
