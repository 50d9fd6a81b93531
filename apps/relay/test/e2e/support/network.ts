/** A small network for end-to-end tests: anvil with the contracts, two relays, nodes as processes, one curator. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { readSettings } from '@enigma/chain'
import { createMemoryKeyStore, createMarketplaceClient, type KeyStore, type MarketplaceClient } from '@enigma/client'
import { createNodeHost, inflateInNode } from '@enigma/client/node'
import { nodePrimitives } from '@enigma/crypto/node'
import type { NetworkFile } from '@enigma/protocol'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { privateKeyToAccount } from 'viem/accounts'
import { runProgram } from '../../../src/commands/program.ts'
import { createCleanup } from '../../network/support/nodes.ts'
import { type NodeProcess, startNodeProcess } from './node-process.ts'

const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']

export type TestNetwork = {
  directory: string
  market: TestMarketplace
  /** With the relays. */
  network: NetworkFile
  relays: readonly NodeProcess[]
  /** Starts a node of the network; the same name again continues its data. */
  startNode: (name: string, settings: Readonly<Record<string, unknown>>) => Promise<NodeProcess>
  /** Runs an `enigma` command as the curator and returns the record that it prints. */
  enigma: (...args: string[]) => Promise<unknown>
  /** Lists a dataset with one table and returns its path. */
  register: (parameters: RegisterParameters) => Promise<string>
  /** A client with a session of a fresh subscriber of those datasets. */
  subscribe: (datasets: readonly string[], network?: NetworkFile) => Promise<TestSubscriber>
  stop: () => Promise<void>
}

export type RegisterParameters = {
  name: string
  description: Readonly<Record<string, unknown>>
  nodes: readonly { node: NodeProcess; roles: string }[]
  publisher?: string
}

export type TestSubscriber = {
  client: MarketplaceClient
  host: Awaited<ReturnType<typeof createNodeHost>>
  account: `0x${string}`
  /** The account's wallet. */
  signer: ReturnType<typeof privateKeyToAccount>
  keys: KeyStore
  minBlock: number
}

/** Starts chain, contracts and two relays. */
export async function startTestNetwork(): Promise<TestNetwork> {
  const cleanup = createCleanup()
  try {
    return await start(cleanup)
  } catch (error) {
    await cleanup.run()
    throw error
  }
}

async function start(cleanup: ReturnType<typeof createCleanup>): Promise<TestNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-e2e-'))
  cleanup.add(() => rm(directory, { recursive: true, force: true }))
  const market = await startMarketplace({ blockTimeSeconds: 1, extraArguments: ['--mixed-mining'] })
  cleanup.add(() => market.stop())
  const networkPath = join(directory, 'enigma-network.json')
  const startNode: TestNetwork['startNode'] = async (name, settings) => {
    const where = settings['private'] === true ? {} : { listen }
    const node = await startNodeProcess({ directory, name, settings: { network: networkPath, ...where, ...settings } })
    cleanup.add(() => node.kill())
    return node
  }
  const alone = await networkFileOf(market)
  await writeFile(networkPath, JSON.stringify(alone))
  const first = await startNode('relay-1', { roles: ['relay'] })
  const second = await startNode('relay-2', { roles: ['relay'], relays: first.multiaddrs })
  const network = { ...alone, relays: [...first.multiaddrs, ...second.multiaddrs] }
  await writeFile(networkPath, JSON.stringify(network))
  const enigma = createEnigma(directory, networkPath, market.anvil.accounts[1]?.privateKey ?? '')
  return {
    ...{ directory, market, network, relays: [first, second], startNode, enigma, stop: cleanup.run },
    register: (parameters) => register({ ...parameters, directory, enigma, market }),
    subscribe: createSubscribe(market, network, cleanup),
  }
}

async function networkFileOf({ deployment, publicClient, anvil }: TestMarketplace): Promise<NetworkFile> {
  const { referencePrice } = await readSettings({ publicClient, deployment })
  return {
    v: 1,
    name: 'test',
    ...deployment,
    referencePriceWei: String(referencePrice),
    rpcUrls: [anvil.rpcUrl],
    relays: [],
    confirmations: 0,
  }
}

function createEnigma(directory: string, networkPath: string, key: string): TestNetwork['enigma'] {
  return async (...args) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const said = Promise.all([text(stdout), text(stderr)])
    const environment = { ENIGMA_HOME: directory, ENIGMA_NETWORK: networkPath, ENIGMA_KEY: key }
    let exitCode = 0
    const setExitCode = (code: number) => (exitCode = code)
    const { signal } = new AbortController()
    const context = { stdout, stderr, environment, signal, setExitCode }
    await runProgram(context, ['node', 'enigma', ...args, '--json'])
    stdout.end()
    stderr.end()
    const [printed, errors] = await said
    if (exitCode !== 0) throw new Error(`enigma ${args.join(' ')}: ${errors}`)
    return printed.trim() === '' ? undefined : (JSON.parse(printed) as unknown)
  }
}

async function register({
  name,
  description,
  nodes,
  publisher,
  directory,
  enigma,
  market,
}: RegisterParameters & Pick<TestNetwork, 'directory' | 'enigma' | 'market'>): Promise<string> {
  const path = `${market.wallet(1).account.address.toLowerCase()}/${name}`
  const home = join(directory, name)
  await mkdir(home, { recursive: true })
  const file = join(home, 'description.json')
  await writeFile(file, JSON.stringify({ title: name, ...description }))
  const accepted = nodes.map(async ({ node, roles }) => {
    const out = join(home, `${node.name}.json`)
    await enigma('node', 'accept', path, '--config', node.configPath, '--roles', roles, '--out', out)
    return ['--node', out]
  })
  const more = [...(await Promise.all(accepted)).flat(), ...(publisher === undefined ? [] : ['--publisher', publisher])]
  await enigma('dataset', 'register', file, '--name', name, '--price', '1', '--deposit', '100', ...more)
  return path
}

function createSubscribe(
  market: TestMarketplace,
  usual: NetworkFile,
  cleanup: ReturnType<typeof createCleanup>,
): TestNetwork['subscribe'] {
  let index = 2
  return async (datasets, network = usual) => {
    const walletClient = market.wallet(index)
    const signer = privateKeyToAccount(market.anvil.accounts[index++]?.privateKey ?? '0x')
    const host = await createNodeHost({ network })
    const keys = createMemoryKeyStore()
    const { publicClient } = market
    const client = createMarketplaceClient({
      ...{ network, host, keys, publicClient, chainClient: () => Promise.resolve(publicClient) },
      ...{ primitives: nodePrimitives, inflate: inflateInNode },
      nowSeconds: () => Math.floor(Date.now() / 1000),
      nowMs: () => performance.now(),
    })
    cleanup.add(() => client.close())
    await client.authorize({ signer })
    let minBlock = 0
    for (const dataset of datasets) minBlock = (await client.subscribe({ dataset, walletClient })).blockNumber
    return { client, host, account: signer.address.toLowerCase() as `0x${string}`, signer, keys, minBlock }
  }
}
