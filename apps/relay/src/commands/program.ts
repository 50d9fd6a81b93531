/** The tree of commands with the help texts that a person works from. */
import { Command, CommanderError } from 'commander'
import type { CommandContext } from './context.ts'
import { addDatasetCommands } from './dataset/index.ts'
import { addDeployCommand } from './deploy.ts'
import { addGrantCommands } from './grant/index.ts'
import { addKeyCommands } from './key.ts'
import { addNodeCommands } from './node.ts'
import { addQueryCommand } from './query.ts'
import { addScriptCommands } from './script.ts'
import { addSubscribeCommands } from './subscribe.ts'
import { exitCodes } from './output.ts'

const footer = `
Exit codes: 0 done · 1 refused or failed · 2 wrong usage or setting · 3 nobody could be reached · 130 interrupted
Environment: ENIGMA_NETWORK network file · ENIGMA_KEY private key · ENIGMA_HOME sessions and what was published · ENIGMA_DEBUG=1 stacks`

/** Parses the arguments and runs the command; wrong usage sets exit code 2. */
export async function runProgram(context: CommandContext, argv: readonly string[]): Promise<void> {
  try {
    await createProgram(context).parseAsync(argv)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    context.setExitCode(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage)
  }
}

function createProgram(context: CommandContext): Command {
  const program = new Command('enigma')
    .description('A data marketplace that nobody owns: list, subscribe, query, and run a node.')
    .version('0.1.0')
    .showHelpAfterError('(add --help for usage)')
    .addHelpText('after', footer)
    .exitOverride()
  addQueryCommand(program, context)
  addSubscribeCommands(program, context)
  addGrantCommands(program, context)
  addDatasetCommands(program, context)
  addScriptCommands(program, context)
  addNodeCommands(program, context)
  addDeployCommand(program, context)
  addKeyCommands(program, context)
  return program
}
