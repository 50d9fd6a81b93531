/** `enigma subscribe` and `enigma unsubscribe`: pay for a dataset, and get the unused seconds back. */
import { priceToRate, rateToPrice, readSubscription, subscribeWithPermit, unsubscribe } from '@enigma/chain'
import { datasetIdOf, parseDatasetPath } from '@enigma/protocol'
import type { Command } from 'commander'
import { formatEther } from 'viem'
import {
  action,
  type CommandContext,
  parseEng,
  signingContext,
  type SigningOptions,
  withSigningOptions,
} from './context.ts'

type SubscribeOptions = SigningOptions & { maxPrice?: string; autoRenew: boolean }

/** Adds `enigma subscribe` and `enigma unsubscribe`. */
export function addSubscribeCommands(program: Command, context: CommandContext): void {
  withSigningOptions(program.command('subscribe <dataset>'))
    .description('subscribe to <curator>/<name> until a midnight within 30 days, renewed until you leave')
    .option('--max-price <ENG>', 'refuse a price for 30 days above this, now and at renewals (default: the price now)')
    .option('--no-auto-renew', 'let the subscription end')
    .addHelpText('after', '\nExample:\n  enigma subscribe 0x…/coinbase_data --key alice.key --max-price 12')
    .action(
      action(context, async (output, options: SubscribeOptions, path: string) => {
        const { network, publicClient, walletClient } = await signingContext(context, options)
        const result = await subscribeWithPermit({
          publicClient,
          walletClient,
          deployment: network,
          dataset: datasetIdOf(parseDatasetPath(path)),
          autoRenew: options.autoRenew,
          ...(options.maxPrice === undefined
            ? {}
            : { maxRate: priceToRate(parseEng(options.maxPrice, 'maximum price')) }),
          onProgress: ({ stage, step }) => output.progress(`${step}: ${stage}`),
        })
        output.progressDone()
        output.record({
          dataset: path,
          until: new Date(result.endSeconds * 1000).toISOString(),
          paid: `${formatEther(result.charge)} ENG`,
          renewal: options.autoRenew ? `up to ${formatEther(rateToPrice(result.maxRate))} ENG for 30 days` : 'none',
          block: result.blockNumber,
          transaction: result.transactionHash,
        })
      }),
    )

  withSigningOptions(program.command('unsubscribe <dataset>'))
    .description('end the subscription now; the unused seconds are paid back in the same transaction')
    .addHelpText('after', '\nExample:\n  enigma unsubscribe 0x…/coinbase_data --key alice.key')
    .action(
      action(context, async (output, options: SigningOptions, path: string) => {
        const { account, network, ...clients } = await signingContext(context, options)
        const dataset = datasetIdOf(parseDatasetPath(path))
        const before = await readSubscription({ ...clients, deployment: network, dataset, account: account.address })
        output.progress(`about ${formatEther(before.refund)} ENG will come back`)
        const { refund, blockNumber, transactionHash } = await unsubscribe({ ...clients, deployment: network, dataset })
        output.progressDone()
        output.record({
          dataset: path,
          refund: `${formatEther(refund)} ENG`,
          block: blockNumber,
          transaction: transactionHash,
        })
      }),
    )
}
