/** `enigma grant …`: look at and end what an account has granted. */
import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { addRegistryCommand } from './add-registry.ts'
import { addBumpCommand } from './bump.ts'
import { addRevokeCommand } from './revoke.ts'
import { addStatusCommand } from './status.ts'

/** Adds `enigma grant`. */
export function addGrantCommands(program: Command, context: CommandContext): void {
  const grant = program.command('grant').description('end the sessions and other grants that an account has signed')
  addStatusCommand(grant, context)
  addRevokeCommand(grant, context)
  addBumpCommand(grant, context)
  addRegistryCommand(grant, context)
}
