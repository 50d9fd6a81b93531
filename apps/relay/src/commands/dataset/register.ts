/** `enigma dataset register` and `update`: list a dataset on chain and announce its manifest. */
import { priceToRate, readDatasetConfig, readDataset, registerDataset, updateDataset } from '@enigma/chain'
import { signManifest, verifyManifest } from '@enigma/crypto'
import {
  datasetIdOf,
  formatDatasetPath,
  hashManifest,
  type Hex,
  type Manifest,
  MarketplaceError,
  parseDatasetPath,
} from '@enigma/protocol'
import type { Command } from 'commander'
import {
  action,
  type CommandContext,
  parseEng,
  signingContext,
  type SigningOptions,
  withSigningOptions,
} from '../context.ts'
import { announceToRelays, withNetworkSession } from '../network-session.ts'
import type { Output } from '../output.ts'
import { signerOf } from '../signer.ts'
import { manifestOf, parseDescription, readAcceptances, readJsonFile } from './description.ts'

type RegisterOptions = SigningOptions & {
  name: string
  price: string
  deposit: string
  node: string[]
  payout: string[]
  publisher?: string
}
type UpdateOptions = SigningOptions & { price?: string; node: string[]; payout: string[]; publisher?: string }

/** Adds `register` and `update` to `enigma dataset`. */
export function addRegisterCommands(dataset: Command, context: CommandContext): void {
  const shared = (command: Command) =>
    withSigningOptions(command)
      .option('--node <file>', 'acceptance of a node that serves it (enigma node accept); repeat for more', collect, [])
      .option('--payout <account:percent>', 'who is paid, summing to 100 (default: you); repeat for more', collect, [])
      .option('--publisher <account>', 'account that signs its snapshots, such as a worker’s signer (default: you)')

  shared(dataset.command('register <description.json>'))
    .description('list a dataset: lock its deposit, put the hash of its manifest on chain, announce the manifest')
    .requiredOption('--name <name>', '3 to 31 of a-z, 0-9 and _, first a letter; yours for ever')
    .requiredOption('--price <ENG>', 'price for 30 days')
    .requiredOption('--deposit <ENG>', 'deposit; at least 6 days of all running subscriptions')
    .addHelpText(
      'after',
      '\nExample:\n  enigma dataset register earthquakes.json --name earthquakes --price 5 --deposit 100 \\' +
        '\n    --node node1.json --payout 0x…:60 --payout 0x…:40 --key curator.key',
    )
    .action(
      action(context, async (output, options: RegisterOptions, path: string) => {
        await register(context, output, options, path)
      }),
    )

  shared(dataset.command('update <dataset> <description.json>'))
    .description(
      'replace the manifest, and price, payouts or publisher where given; the old payees are paid to the second',
    )
    .option('--price <ENG>', 'new price for 30 days; running subscriptions keep theirs')
    .action(
      action(context, async (output, options: UpdateOptions, path: string, descriptionPath: string) => {
        await update(context, output, options, path, descriptionPath)
      }),
    )
}

async function register(
  context: CommandContext,
  output: Output,
  options: RegisterOptions,
  path: string,
): Promise<void> {
  const { network, account, deployment, publicClient, walletClient } = await signingContext(context, options)
  const curator = account.address.toLowerCase() as Hex
  parseDatasetPath(`${curator}/${options.name}`)
  const manifest = await buildManifest({ options, path, curator, name: options.name, version: 1 })
  const signed = await signManifest({ manifest, signer: signerOf(account), deployment })
  await verifyManifest({ signed, deployment })
  const result = await registerDataset({
    publicClient,
    walletClient,
    deployment: network,
    name: options.name,
    rate: priceToRate(parseEng(options.price, 'price')),
    deposit: parseEng(options.deposit, 'deposit'),
    config: {
      metadataHash: hashManifest(signed.manifest),
      publisher: manifest.publisher,
      payouts: payoutsOf(options.payout, curator),
    },
    trialSeconds: manifest.trialSeconds,
    onProgress: ({ stage, step }) => output.progress(`${step}: ${stage}`),
  })
  const relays = await announceManifest(context, output, network, signed)
  output.record({
    dataset: formatDatasetPath(manifest),
    id: result.dataset,
    manifest: hashManifest(signed.manifest),
    block: result.blockNumber,
    transaction: result.transactionHash,
    relays,
  })
}

async function update(
  context: CommandContext,
  output: Output,
  options: UpdateOptions,
  path: string,
  descriptionPath: string,
): Promise<void> {
  const { network, account, deployment, publicClient, walletClient } = await signingContext(context, options)
  const { curator, name } = parseDatasetPath(path)
  if (curator !== account.address.toLowerCase()) {
    throw new MarketplaceError({
      code: 'not-curator',
      message: 'Only the curator can update a dataset; sign with her key.',
    })
  }
  const dataset = datasetIdOf({ curator, name })
  const read = { publicClient, deployment: network, dataset }
  const [state, oldConfig] = await Promise.all([readDataset(read), readDatasetConfig(read)])
  const version = Math.floor(Date.now() / 1000)
  const publisher = options.publisher ?? oldConfig.publisher
  const manifest = await buildManifest({
    options: { ...options, publisher },
    path: descriptionPath,
    curator,
    name,
    version,
  })
  const signed = await signManifest({ manifest, signer: signerOf(account), deployment })
  await verifyManifest({ signed, deployment })
  const result = await updateDataset({
    ...read,
    walletClient,
    rate: options.price === undefined ? (state?.rate ?? 0n) : priceToRate(parseEng(options.price, 'price')),
    config: {
      metadataHash: hashManifest(signed.manifest),
      publisher: manifest.publisher,
      payouts: options.payout.length === 0 ? oldConfig.payouts : payoutsOf(options.payout, curator),
    },
    trialSeconds: manifest.trialSeconds,
    oldConfig,
    onProgress: ({ stage, step }) => output.progress(`${step}: ${stage}`),
  })
  const relays = await announceManifest(context, output, network, signed)
  output.record({
    dataset: path,
    manifest: result.metadataHash,
    block: result.blockNumber,
    transaction: result.transactionHash,
    relays,
  })
}

async function announceManifest(
  context: CommandContext,
  output: Output,
  network: Awaited<ReturnType<typeof signingContext>>['network'],
  signed: Awaited<ReturnType<typeof signManifest>>,
): Promise<number> {
  return withNetworkSession(network, context.signal, (session) =>
    announceToRelays({ session, item: { kind: 'manifest', signed }, output, signal: context.signal }),
  )
}

type BuildParameters = {
  options: { node: string[]; publisher?: string }
  path: string
  curator: Hex
  name: string
  version: number
}

async function buildManifest({ options, path, curator, name, version }: BuildParameters): Promise<Manifest> {
  const description = parseDescription(await readJsonFile(path), path)
  const nodes = await readAcceptances(options.node)
  const publisher = (options.publisher ?? curator).toLowerCase() as Hex
  return manifestOf({ description, descriptionPath: path, identity: { curator, name, version, publisher, nodes } })
}

/** Payees with shares in basis points; throws `payouts-invalid` unless they sum to 100 %. */
export function payoutsOf(texts: readonly string[], curator: Hex): { payee: Hex; shareBps: number }[] {
  if (texts.length === 0) return [{ payee: curator, shareBps: 10_000 }]
  const payouts = texts.map((text) => {
    const [, payee, percent] = /^(0x[0-9a-fA-F]{40}):(\d{1,3}(?:\.\d{1,2})?)$/.exec(text) ?? []
    if (payee === undefined || percent === undefined) {
      throw new MarketplaceError({
        code: 'payouts-invalid',
        message: 'A payout is <account>:<percent>.',
        details: text,
      })
    }
    return { payee: payee as Hex, shareBps: Math.round(Number(percent) * 100) }
  })
  const sum = payouts.reduce((total, { shareBps }) => total + shareBps, 0)
  if (sum === 10_000) return payouts
  throw new MarketplaceError({ code: 'payouts-invalid', message: `The payouts sum to ${sum / 100} %, not to 100 %.` })
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}
