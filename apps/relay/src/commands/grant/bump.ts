/** `enigma grant bump`: end every grant at once. */
import { bumpGrantEpoch } from '@enigma/chain'
import type { Command } from 'commander'
import { action, type CommandContext, signingContext, type SigningOptions, withSigningOptions } from '../context.ts'

/** Adds `enigma grant bump`. */
export function addBumpCommand(grant: Command, context: CommandContext): void {
  withSigningOptions(grant.command('bump'))
    .description('end every session and other grant that this account has signed until now, on all machines, for ever')
    .addHelpText(
      'after',
      '\nFor a browser or machine that was lost. Subscriptions go on; each client asks the wallet to sign in again.' +
        '\n\nExample:\n  enigma grant bump --key alice.key',
    )
    .action(
      action(context, async (output, options: SigningOptions) => {
        const { account, network, ...clients } = await signingContext(context, options)
        const { epoch, blockNumber, transactionHash } = await bumpGrantEpoch({
          ...{ ...clients, deployment: network },
          onProgress: ({ stage, step }) => output.progress(`${step}: ${stage}`),
        })
        output.progressDone()
        output.record({
          account: account.address.toLowerCase(),
          epoch,
          block: blockNumber,
          transaction: transactionHash,
        })
      }),
    )
}
