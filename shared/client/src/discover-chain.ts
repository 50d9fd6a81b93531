/** What the chain itself says of a dataset on a page: no relay's word is taken for an amount or a hash. */
import type { ChainListing } from '@enigma/catalogue'
import { computeRank, type DatasetConfigReader, rankInputs, readDataset } from '@enigma/chain'
import { datasetIdOf, type Hex, MarketplaceError } from '@enigma/protocol'
import type { ClientParts } from './types.ts'

/**
 * `rate` in wei per second, `deposit`, `monthlyRevenue` and `referencePrice` in wei, `churn` with 32 fractional bits,
 * `rank` with 18 decimals as computed here from them. `registeredBlock` is the relay's word: it breaks ties and nothing else.
 */
export type ChainFacts = {
  curator: Hex
  metadataHash: Hex
  publisher: Hex
  rate: bigint
  deposit: bigint
  subscribers: bigint
  monthlyRevenue: bigint
  churn: bigint
  referencePrice: bigint
  rank: bigint
  trialSeconds: number
  registeredBlock: number
}

export type ChainFactsReader = {
  /** The facts, or undefined when the listing is of no open dataset or is not of the dataset that it names. */
  verify: (listing: ChainListing) => Promise<ChainFacts | undefined>
}

/** Creates the reader. */
export function createChainFacts({
  publicClient,
  network,
  readConfig,
}: Pick<ClientParts, 'publicClient' | 'network'> & { readConfig: DatasetConfigReader }): ChainFactsReader {
  const read = { publicClient, deployment: network }
  return {
    async verify({ dataset, curator, name, registeredBlock }) {
      if (datasetIdOf({ curator, name }) !== dataset) return undefined
      const [state, inputs] = await Promise.all([readDataset({ ...read, dataset }), rankInputs({ ...read, dataset })])
      if (state?.closedAtSeconds !== 0) return undefined
      if (state.curator !== curator) {
        throw new MarketplaceError({ code: 'chain-unavailable', message: 'The Ethereum node contradicts itself.' })
      }
      const { metadataHash, publisher } = await readConfig({ dataset, configHash: state.configHash })
      const { rate, trialSeconds } = state
      const rank = computeRank(inputs)
      return { curator, metadataHash, publisher, rate, ...inputs, rank, trialSeconds, registeredBlock }
    },
  }
}
