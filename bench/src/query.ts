/** One query by several ways, on the same data in one run: what privacy and proof cost beside what a user would build. */
import { measureLatencies, measureThroughputs } from './query-measure.ts'
import { measureMemory } from './query-memory.ts'
import { startQueryNetwork } from './query-network.ts'
import { measureNodeShare } from './query-node-share.ts'
import { measureProcessor } from './query-processor.ts'
import { toReport } from './query-report.ts'
import { startWays } from './query-ways.ts'
import type { Bench, BenchReport } from './report.ts'

/** The query bench; it takes no arguments. */
export const queryBench: Bench = ({ onProgress }) => run(onProgress)

async function run(onProgress: (text: string) => void): Promise<BenchReport> {
  onProgress('starting: chain, relay, persistence node, 3,000,000 flights')
  const network = await startQueryNetwork(onProgress)
  try {
    const ways = await startWays(network)
    try {
      const latencies = await measureLatencies(ways, onProgress)
      const roundTripMs = await network.measureRoundTrip()
      const throughputs = await measureThroughputs(ways, onProgress)
      const processor = await measureProcessor(ways)
      const memory = await measureMemory(network)
      onProgress('the node without a network')
      return toReport({ latencies, roundTripMs, throughputs, processor, memory, share: await measureNodeShare() })
    } finally {
      for (const way of ways) await way.stop()
    }
  } finally {
    await network.stop()
  }
}
