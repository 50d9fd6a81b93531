/** The verbs of a client that need no wallet, and what every client is made of: the smallest part of the SDK. */
import type { Connections } from './connections.ts'
import type { Datasets } from './datasets.ts'
import type { SampleParameters } from './query/query-request.ts'
import { createQueryRun, type QueryRun } from './query/query-run.ts'
import type { AskingParts } from './types.ts'

/** What an asking client is made of: its host, connections and datasets. */
export type AskingInside = { parts: AskingParts; connections: Connections; datasets: Datasets }

export type AskingClient = {
  /** Asks the free sample; no wallet, no account. */
  sample: (parameters: SampleParameters) => QueryRun
  /** Ends the host and every connection. */
  close: () => Promise<void>
}

/** Creates the verbs over what a client is made of. */
export function createAsking({ parts, connections, datasets }: AskingInside): AskingClient {
  return {
    sample: (query) => createQueryRun({ parts, connections, datasets, query, authorize: undefined }),
    async close() {
      connections.queryStreams.close()
      parts.decoder?.close()
      await parts.host.stop()
    },
  }
}
