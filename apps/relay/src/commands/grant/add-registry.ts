/** `enigma grant add-registry`: gives a network that was deployed without one its registry of ended grants. */
import { rename, writeFile } from 'node:fs/promises'
import { deployGrantRegistry, requireRegistryAt } from '@enigma/chain'
import { addressSchema, type Hex, MarketplaceError } from '@enigma/protocol'
import type { Command } from 'commander'
import * as v from 'valibot'
import {
  action,
  type CommandContext,
  networkPathOf,
  signingContext,
  type SigningOptions,
  withSigningOptions,
} from '../context.ts'

type AddRegistryOptions = SigningOptions & { registry?: string }

/** Adds `enigma grant add-registry`. */
export function addRegistryCommand(grant: Command, context: CommandContext): void {
  withSigningOptions(grant.command('add-registry'))
    .description('deploy the grant registry for a network that has none, and name it in its network file')
    .option('--registry <address>', 'a registry that stands already; without it a new one is deployed')
    .addHelpText(
      'after',
      '\nHand the new file to everybody who runs a node or serves the app, and restart the nodes: each reads the chain' +
        ' once more, and from then on ends what accounts end there. Until then it answers as before.' +
        '\n\nExample:\n  enigma grant add-registry --network enigma-network.json --key deployer.key',
    )
    .action(
      action(context, async (output, options: AddRegistryOptions) => {
        const known = options.registry === undefined ? undefined : parseAddress(options.registry)
        const { account, network, publicClient, walletClient } = await signingContext(context, options)
        if (network.grantRegistry !== undefined) throw hasRegistry(network.grantRegistry)
        if (known !== undefined) await requireRegistryAt({ publicClient, address: known })
        const onProgress = ({ stage, step }: { stage: string; step: string }) => output.progress(`${step}: ${stage}`)
        const grantRegistry =
          known ?? (await deployGrantRegistry({ publicClient, walletClient, deployment: network, onProgress }))
        output.progressDone()
        const file = networkPathOf(context, options)
        await replaceFile(file, `${JSON.stringify({ ...network, grantRegistry }, null, 2)}\n`)
        output.record({ account: account.address.toLowerCase(), grantRegistry, file })
      }),
    )
}

/** Whoever reads it meanwhile reads the old file or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}.new`
  await writeFile(next, text, { flag: 'wx' })
  await rename(next, path)
}

function parseAddress(text: string): Hex {
  const parsed = v.safeParse(addressSchema, text.toLowerCase())
  if (parsed.success) return parsed.output
  const message = '--registry is the address of a contract: 0x and 40 hex digits.'
  throw new MarketplaceError({ code: 'setting-invalid', message, details: text })
}

function hasRegistry(address: Hex): MarketplaceError {
  return new MarketplaceError({
    code: 'setting-invalid',
    message: 'The network has a grant registry already, and grants that ended there must stay ended; keep it.',
    details: address,
  })
}
