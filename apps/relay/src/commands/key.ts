/** `enigma key new`: makes an account. */
import type { Command } from 'commander'
import { createKeyFile } from '../daemon/key-file.ts'
import { action, type CommandContext } from './context.ts'

/** Adds `enigma key`. */
export function addKeyCommands(program: Command, context: CommandContext): void {
  const key = program.command('key').description('keys of accounts')
  key
    .command('new <file>')
    .description('make a new account and write its private key to a file that only you can read')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', '\nExample:\n  enigma key new ~/.enigma/alice.key')
    .action(
      action(context, async (output, _options, file: string) => {
        const { address } = await createKeyFile({ path: file })
        output.record({ address, file })
      }),
    )
}
