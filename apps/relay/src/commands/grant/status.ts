/** `enigma grant status`: the account's epoch and the session that this machine keeps. */
import { readGrantEpoch, readRevokedGrants } from '@enigma/chain'
import { findSession } from '@enigma/client'
import type { Grant } from '@enigma/protocol'
import type { Command } from 'commander'
import { action, type CommandContext, signingContext, type SigningOptions, withSigningOptions } from '../context.ts'
import { openSessions } from '../file-key-store.ts'

/** Adds `enigma grant status`. */
export function addStatusCommand(grant: Command, context: CommandContext): void {
  withSigningOptions(grant.command('status'))
    .description("the account's epoch, and the session that this machine keeps for it")
    .addHelpText('after', '\nExample:\n  enigma grant status --key alice.key')
    .action(
      action(context, async (output, options: SigningOptions) => {
        const { account, network, publicClient } = await signingContext(context, options)
        const session = await findSession({ network, keys: openSessions(context) }, account.address)
        const kept = session?.grant.grant
        const read = { publicClient, deployment: network, account: account.address }
        const [epoch, revoked] = await Promise.all([
          readGrantEpoch(read),
          readRevokedGrants({ ...read, grantIds: kept === undefined ? [] : [kept.id] }),
        ])
        output.record({
          account: account.address.toLowerCase(),
          epoch,
          ...(kept === undefined
            ? { session: 'none' }
            : { session: kept.id, state: stateOf(kept, epoch, revoked.length > 0), until: isoTime(kept.validUntil) }),
        })
      }),
    )
}

function stateOf(grant: Grant, epoch: number, isRevoked: boolean): string {
  if (isRevoked || grant.epoch !== epoch) return 'ended by its account'
  return grant.validUntil * 1000 > Date.now() ? 'running' : 'over'
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
