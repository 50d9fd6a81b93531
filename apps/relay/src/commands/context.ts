/** What every command shares: options, chain clients, the account, and how errors become exit codes. */
import { join } from 'node:path'
import { homedir } from 'node:os'
import { type Deployment, MarketplaceError, type NetworkFile } from '@enigma/protocol'
import type { Command } from 'commander'
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  fallback,
  http,
  type LocalAccount,
  parseEther,
} from 'viem'
import { readNetworkFile } from '../config.ts'
import { commandAccount } from '../daemon/key-file.ts'
import { createOutput, describeError, exitCodes, type Output, type Streams } from './output.ts'

export type CommandContext = Streams & {
  environment: NodeJS.ProcessEnv
  signal: AbortSignal
  setExitCode: (code: number) => void
}

export type NetworkOptions = { network?: string; json?: boolean }
export type SigningOptions = NetworkOptions & { key?: string }

/** Adds `--network` and `--json`. */
export function withNetworkOptions(command: Command): Command {
  return command
    .option('--network <file>', 'network file (default: $ENIGMA_NETWORK, else ./enigma-network.json)')
    .option('--json', 'print JSON for programs')
}

/** Adds `--key` beside the network options. */
export function withSigningOptions(command: Command): Command {
  return withNetworkOptions(command).option(
    '--key <file>',
    'key file of the account that signs (default: $ENIGMA_KEY holds the key)',
  )
}

/** Runs a command's action: prints what it prints, turns an error into a sentence and an exit code. */
export function action<Arguments extends unknown[], Options extends { json?: boolean }>(
  context: CommandContext,
  run: (output: Output, options: Options, ...args: Arguments) => Promise<void>,
): (...args: [...Arguments, Options, Command]) => Promise<void> {
  return async (...all) => {
    const options = all.at(-2) as Options
    const args = all.slice(0, -2) as Arguments
    const output = createOutput({ json: options.json === true, stdout: context.stdout, stderr: context.stderr })
    try {
      await run(output, options, ...args)
    } catch (error) {
      output.progressDone()
      if (context.signal.aborted) {
        context.stderr.write('interrupted\n')
        context.setExitCode(exitCodes.interrupted)
        return
      }
      const { exitCode, text } = describeError(error, { debug: context.environment['ENIGMA_DEBUG'] !== undefined })
      context.stderr.write(`${text}\n`)
      context.setExitCode(exitCode)
    }
  }
}

/** Reads the network file that the options or the environment name. */
export async function networkOf(context: CommandContext, options: NetworkOptions): Promise<NetworkFile> {
  return readNetworkFile({ path: networkPathOf(context, options) })
}

/** The network file that the options or the environment name. */
export function networkPathOf({ environment }: CommandContext, { network }: NetworkOptions): string {
  return network ?? environment['ENIGMA_NETWORK'] ?? 'enigma-network.json'
}

/** Where commands keep sessions: `$ENIGMA_HOME`, else `~/.enigma`. */
export function homeDirectory(context: CommandContext): string {
  return context.environment['ENIGMA_HOME'] ?? join(homedir(), '.enigma')
}

/** The deployment of a network file. */
export function deploymentOf({ chainId, marketplace }: NetworkFile): Deployment {
  return { chainId, marketplace }
}

/** A viem client for reads, over all RPC URLs of the network in order. */
export function publicClientOf(network: Pick<NetworkFile, 'chainId' | 'name' | 'rpcUrls'>) {
  return createPublicClient({ chain: chainOf(network), transport: transportOf(network), pollingInterval: 250 })
}

/** A viem client that signs as `account`. */
export function walletClientOf(network: Pick<NetworkFile, 'chainId' | 'name' | 'rpcUrls'>, account: LocalAccount) {
  return createWalletClient({ account, chain: chainOf(network), transport: transportOf(network) })
}

/** The network, its clients and the signing account of a command. */
export async function signingContext(context: CommandContext, options: SigningOptions) {
  const network = await networkOf(context, options)
  const account = await commandAccount({ keyFile: options.key, environment: context.environment })
  return {
    network,
    account,
    deployment: deploymentOf(network),
    publicClient: publicClientOf(network),
    walletClient: walletClientOf(network, account),
  }
}

/** Parses an amount of ENG such as `12.5` into wei. */
export function parseEng(text: string, what: string): bigint {
  if (/^\d{1,12}(\.\d{1,18})?$/.test(text)) return parseEther(text)
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: `The ${what} is an amount of ENG such as 12.5.`,
    details: text,
  })
}

/** Parses a whole number that is not negative. */
export function parseCount(text: string, option: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new MarketplaceError({ code: 'setting-invalid', message: `${option} is a whole number.`, details: text })
}

function chainOf({ chainId, name, rpcUrls }: Pick<NetworkFile, 'chainId' | 'name' | 'rpcUrls'>) {
  return defineChain({
    id: chainId,
    name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: rpcUrls } },
  })
}

function transportOf({ rpcUrls }: Pick<NetworkFile, 'rpcUrls'>) {
  return fallback(rpcUrls.map((url) => http(url, { timeout: 10_000, retryCount: 2 })))
}
