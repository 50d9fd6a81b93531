/** Finds the preimage of a dataset's config, which the chain stores only as a hash, in the dataset's own events. */
import { MarketplaceError } from '@enigma/protocol'
import { encodeAbiParameters, keccak256, type Hex } from 'viem'
import { readConfigHistory, type ReadConfigHistoryParameters, readHead } from './config-history.ts'
import { readDataset } from './read-dataset.ts'
import type { DatasetConfig } from './types.ts'

export type ReadDatasetConfigParameters = Omit<ReadConfigHistoryParameters, 'head'>

/** Configs that a reader keeps, the last used ones: a few pages of the catalogue. */
const mostKnown = 1000

const configParameters = [
  { type: 'bytes32' },
  { type: 'address' },
  {
    type: 'tuple[]',
    components: [
      { name: 'payee', type: 'address' },
      { name: 'shareBps', type: 'uint16' },
    ],
  },
] as const

/** The hash that the contract stores of a config. */
export function hashDatasetConfig({ metadataHash, publisher, payouts }: DatasetConfig): Hex {
  return keccak256(encodeAbiParameters(configParameters, [metadataHash, publisher, payouts]))
}

/** The present config; throws `dataset-unknown`, or `chain-behind` when the node's logs do not match its state. */
export function readDatasetConfig(parameters: ReadDatasetConfigParameters): Promise<DatasetConfig> {
  return createDatasetConfigReader(parameters)(parameters)
}

/** Reads present configs; `configHash` is what the chain holds, where the caller has just read it. */
export type DatasetConfigReader = (parameters: { dataset: Hex; configHash?: Hex | undefined }) => Promise<DatasetConfig>

/** Creates a reader that finds each config once: a config never changes under its hash. */
export function createDatasetConfigReader({
  publicClient,
  deployment,
  rangeBlocks,
}: Omit<ReadDatasetConfigParameters, 'dataset'>): DatasetConfigReader {
  const read = { publicClient, deployment, rangeBlocks }
  const known = new Map<Hex, { hash: Hex; config: DatasetConfig }>()
  return async ({ dataset, configHash }) => {
    // Begun beside the first request, for a config that is to be looked for: one round trip less.
    const head = configHash === undefined && !known.has(dataset) ? readHead(read) : undefined
    head?.catch(() => undefined)
    const hash = configHash ?? (await readConfigHash({ ...read, dataset }))
    const last = known.get(dataset)
    const config = last?.hash === hash ? last.config : await findConfig({ ...read, dataset, head }, hash)
    known.delete(dataset)
    known.set(dataset, { hash, config })
    if (known.size > mostKnown) known.delete(known.keys().next().value ?? dataset)
    return config
  }
}

async function readConfigHash(parameters: ReadDatasetConfigParameters): Promise<Hex> {
  const state = await readDataset(parameters)
  if (state !== undefined) return state.configHash
  throw new MarketplaceError({
    code: 'dataset-unknown',
    message: 'No dataset has this path; check the curator and the name.',
    details: parameters.dataset,
  })
}

/** Whatever the logs hold: only the preimage of the hash on chain is the config. */
async function findConfig(parameters: ReadConfigHistoryParameters, configHash: Hex): Promise<DatasetConfig> {
  for await (const config of readConfigHistory(parameters)) if (hashDatasetConfig(config) === configHash) return config
  throw new MarketplaceError({
    code: 'chain-behind',
    message: "The Ethereum node's logs do not hold the dataset's present config yet; try again in a moment.",
    details: parameters.dataset,
  })
}
