/** What the chain says of a dataset: price, deposit, who is paid, rank, and the rules of its deployment. */
import { MarketplaceError } from '@enigma/protocol'
import type { Hex } from 'viem'
import { computeRank, type RankInputs } from './rank.ts'
import { readDataset, type ReadDatasetReturnType } from './read-dataset.ts'
import { type DatasetConfigReader, readDatasetConfig } from './read-dataset-config.ts'
import { rankInputs } from './read-rank.ts'
import { type MarketplaceSettings, readSettings } from './read-settings.ts'
import type { DatasetConfig, ReadParameters } from './types.ts'

export type ReadTermsParameters = ReadParameters & {
  dataset: Hex
  /** A reader that keeps configs, where the caller has one. */
  readConfig?: DatasetConfigReader | undefined
}

export type DatasetTerms = {
  state: ReadDatasetReturnType
  config: DatasetConfig
  inputs: RankInputs
  /** With 18 decimals, computed here from the inputs; zero when it is closed. */
  rank: bigint
  settings: MarketplaceSettings
}

/** The terms as of the latest block; throws `dataset-unknown`, `chain-behind`, `chain-unavailable`. */
export async function readTerms(parameters: ReadTermsParameters): Promise<DatasetTerms> {
  const { dataset, readConfig } = parameters
  const [state, config, inputs, settings] = await Promise.all([
    readDataset(parameters),
    readConfig === undefined ? readDatasetConfig(parameters) : readConfig({ dataset }),
    rankInputs(parameters),
    readSettings(parameters),
  ])
  if (state === undefined) {
    throw new MarketplaceError({ code: 'chain-unavailable', message: 'The Ethereum node contradicts itself.' })
  }
  const rank = state.closedAtSeconds === 0 ? computeRank(inputs) : 0n
  return { state, config, inputs, rank, settings }
}
