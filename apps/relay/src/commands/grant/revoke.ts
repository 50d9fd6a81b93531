/** `enigma grant revoke`: end one grant, or several. */
import { revokeGrant, revokeGrants } from '@enigma/chain'
import { hashSchema, type Hex, MarketplaceError } from '@enigma/protocol'
import type { Command } from 'commander'
import * as v from 'valibot'
import { action, type CommandContext, signingContext, type SigningOptions, withSigningOptions } from '../context.ts'

/** Adds `enigma grant revoke`. */
export function addRevokeCommand(grant: Command, context: CommandContext): void {
  withSigningOptions(grant.command('revoke <id...>'))
    .description('end grants of this account by their ids, for ever; nodes refuse them from the next block on')
    .addHelpText(
      'after',
      '\nThe id of a session stands where it was made: enigma grant status. To end all, also those whose ids nobody' +
        ' knows: enigma grant bump' +
        '\n\nExample:\n  enigma grant revoke 0x5f…c1 --key alice.key',
    )
    .action(
      action(context, async (output, options: SigningOptions, ids: string[]) => {
        const grantIds = ids.map(parseGrantId)
        const [grantId] = grantIds
        const { account, network, ...clients } = await signingContext(context, options)
        const write = {
          ...{ ...clients, deployment: network },
          onProgress: ({ stage, step }: { stage: string; step: string }) => output.progress(`${step}: ${stage}`),
        }
        // One that is ended already is told by name; among several it is passed over.
        const isOne = grantId !== undefined && grantIds.length === 1
        const done = isOne ? await revokeGrant({ ...write, grantId }) : await revokeGrants({ ...write, grantIds })
        output.progressDone()
        output.record({
          account: account.address.toLowerCase(),
          revoked: 'grantId' in done ? [done.grantId] : done.grantIds,
          block: done.blockNumber,
          transaction: done.transactionHash,
        })
      }),
    )
}

function parseGrantId(text: string): Hex {
  const parsed = v.safeParse(hashSchema, text.toLowerCase())
  if (parsed.success) return parsed.output
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: 'The id of a grant is 0x and 64 hex digits, as `enigma grant status` prints it.',
    details: text,
  })
}
