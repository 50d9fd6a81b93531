/** `enigma deploy`: puts the contracts on a chain and writes the network file. */
import { writeFile } from 'node:fs/promises'
import { defaultSettings, deployMarketplace, readSettings } from '@enigma/chain'
import { type NetworkFile } from '@enigma/protocol'
import type { Command } from 'commander'
import { createPublicClient, http, type LocalAccount, parseEther } from 'viem'
import { commandAccount } from '../daemon/key-file.ts'
import { action, type CommandContext, parseCount, publicClientOf, walletClientOf } from './context.ts'
import type { Output } from './output.ts'

type DeployOptions = {
  rpc: string
  key?: string
  out: string
  name: string
  token?: string
  pool?: string
  confirmations: string
  json?: boolean
}

const newTokenSupplyEng = '150000000'

/** Adds `enigma deploy`. */
export function addDeployCommand(program: Command, context: CommandContext): void {
  program
    .command('deploy')
    .description(
      'deploy the marketplace and the grant registry (and, without --token, a new ENG token) and write the network file',
    )
    .requiredOption('--rpc <url>', 'JSON-RPC endpoint of the chain')
    .option('--key <file>', 'key file of the account that pays (default: $ENIGMA_KEY holds the key)')
    .option('--out <file>', 'network file to write', 'enigma-network.json')
    .option('--name <text>', 'name of the network', 'enigma')
    .option('--token <address>', 'ENG token that exists; without it a new one is minted to this account')
    .option('--pool <address>', 'account that receives the marketplace fee (default: this account)')
    .option('--confirmations <n>', 'blocks before a new subscription gets full answers; 0 for development', '12')
    .option('--json', 'print JSON for programs')
    .addHelpText(
      'after',
      '\nExample:\n  enigma deploy --rpc http://127.0.0.1:8545 --key deployer.key --confirmations 0',
    )
    .action(
      action(context, async (output, options: DeployOptions) => {
        const account = await commandAccount({ keyFile: options.key, environment: context.environment })
        const network = await deploy(options, account, output)
        await writeFile(options.out, `${JSON.stringify(network, null, 2)}\n`)
        output.record({ ...network, file: options.out })
      }),
    )
}

async function deploy(options: DeployOptions, account: LocalAccount, output: Output): Promise<NetworkFile> {
  // Before anything is paid for.
  const confirmations = parseCount(options.confirmations, '--confirmations')
  const chainId = await createPublicClient({ transport: http(options.rpc) }).getChainId()
  const chain = { chainId, name: options.name, rpcUrls: [options.rpc] }
  const publicClient = publicClientOf(chain)
  const deployment = await deployMarketplace({
    publicClient,
    walletClient: walletClientOf(chain, account),
    token:
      options.token === undefined
        ? { holders: [{ account: account.address, amount: parseEther(newTokenSupplyEng) }] }
        : { address: options.token as `0x${string}` },
    settings: defaultSettings({ pool: (options.pool ?? account.address) as `0x${string}` }),
    onProgress: ({ stage, step }) => output.progress(`${step}: ${stage}`),
  })
  output.progressDone()
  const { referencePrice } = await readSettings({ publicClient, deployment })
  return {
    v: 1,
    name: options.name,
    chainId,
    token: deployment.token,
    marketplace: deployment.marketplace,
    grantRegistry: deployment.grantRegistry,
    deploymentBlock: deployment.deploymentBlock,
    rpcUrls: [options.rpc],
    relays: [],
    referencePriceWei: String(referencePrice),
    confirmations,
  }
}
