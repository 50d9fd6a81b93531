/** `enigma dataset …`: what curators do. */
import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { addPublishCommand } from './publish.ts'
import { addRegisterCommands } from './register.ts'
import { addStatusCommand } from './status.ts'

/** Adds `enigma dataset`. */
export function addDatasetCommands(program: Command, context: CommandContext): void {
  const dataset = program.command('dataset').description('list, update, publish and look at datasets')
  addRegisterCommands(dataset, context)
  addPublishCommand(dataset, context)
  addStatusCommand(dataset, context)
}
