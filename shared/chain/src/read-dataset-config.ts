/** Finds the preimage of a dataset's config, which the chain stores only as a hash, in the dataset's own events. */
import { MarketplaceError } from '@enigma/protocol'
import { encodeAbiParameters, keccak256, type Hex } from 'viem'
import { readEventPages } from './events.ts'
import { toChainError } from './explain-revert.ts'
import { readDataset } from './read-dataset.ts'
import type { DatasetConfig, ReadParameters } from './types.ts'

export type ReadDatasetConfigParameters = ReadParameters & { dataset: Hex }

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
export async function readDatasetConfig(parameters: ReadDatasetConfigParameters): Promise<DatasetConfig> {
  const state = await readDataset(parameters)
  if (state === undefined) {
    throw new MarketplaceError({
      code: 'dataset-unknown',
      message: 'No dataset has this path; check the curator and the name.',
      details: parameters.dataset,
    })
  }
  const config = (await readConfigs(parameters)).findLast((found) => hashDatasetConfig(found) === state.configHash)
  if (config !== undefined) return config
  throw new MarketplaceError({
    code: 'chain-behind',
    message: "The Ethereum node's logs do not hold the dataset's present config yet; try again in a moment.",
    details: parameters.dataset,
  })
}

async function readConfigs(parameters: ReadDatasetConfigParameters): Promise<DatasetConfig[]> {
  const { publicClient, deployment, dataset } = parameters
  const configs: DatasetConfig[] = []
  try {
    const toBlock = Number(await publicClient.getBlockNumber())
    const range = { publicClient, deployment, dataset, fromBlock: deployment.deploymentBlock, toBlock }
    for await (const { events } of readEventPages(range)) {
      for (const { name, args } of events) {
        if (name !== 'DatasetRegistered' && name !== 'DatasetUpdated') continue
        configs.push({ metadataHash: args.metadataHash, publisher: args.publisher, payouts: args.payouts })
      }
    }
    return configs
  } catch (error) {
    throw toChainError(error)
  }
}
