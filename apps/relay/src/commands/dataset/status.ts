/** `enigma dataset status`: what the chain and the network say of a dataset. */
import { rankInputs, rankOf, rateToPrice, readDataset, readDatasetConfig } from '@enigma/chain'
import { verifyManifest } from '@enigma/crypto'
import { datasetIdOf, MarketplaceError, parseDatasetPath } from '@enigma/protocol'
import type { Command } from 'commander'
import { formatEther } from 'viem'
import {
  action,
  type CommandContext,
  deploymentOf,
  networkOf,
  type NetworkOptions,
  publicClientOf,
  withNetworkOptions,
} from '../context.ts'
import { withNetworkSession } from '../network-session.ts'

/** Adds `enigma dataset status`. */
export function addStatusCommand(dataset: Command, context: CommandContext): void {
  withNetworkOptions(dataset.command('status <dataset>'))
    .description('price, subscribers, deposit, rank, manifest and nodes of <curator>/<name>')
    .action(
      action(context, async (output, options: NetworkOptions, path: string) => {
        const network = await networkOf(context, options)
        const id = datasetIdOf(parseDatasetPath(path))
        const read = { publicClient: publicClientOf(network), deployment: network, dataset: id }
        const state = await readDataset(read)
        if (state === undefined) {
          throw new MarketplaceError({
            code: 'dataset-unknown',
            message: 'No dataset has this path; check curator and name.',
          })
        }
        const [config, rank, inputs] = await Promise.all([readDatasetConfig(read), rankOf(read), rankInputs(read)])
        const deployment = deploymentOf(network)
        const { signal } = context
        const located = await withNetworkSession(network, signal, ({ peers }) =>
          peers.locate({
            dataset: id,
            signal,
            use: async ({ manifest: signed, records }) => ({
              manifest: await verifyManifest({ signed, deployment, expectedHash: config.metadataHash }),
              records: records.length,
            }),
          }),
        )
        output.record({
          dataset: path,
          id,
          title: located.manifest.title,
          price: `${formatEther(rateToPrice(state.rate))} ENG for 30 days`,
          subscribers: state.subscribers,
          deposit: `${formatEther(state.deposit)} ENG`,
          earned: `${formatEther(state.earned)} ENG not yet collected`,
          rank: formatEther(rank),
          rankInputs: inputs,
          closed: state.closedAtSeconds === 0 ? 'no' : new Date(state.closedAtSeconds * 1000).toISOString(),
          publisher: config.publisher,
          payouts: config.payouts,
          manifest: config.metadataHash,
          tables: located.manifest.tables.map(
            ({ name, columns }) => `${name} (${columns.map((column) => column.name).join(', ')})`,
          ),
          nodes: `${located.manifest.nodes.length} listed, ${located.records} with a record now`,
        })
      }),
    )
}
