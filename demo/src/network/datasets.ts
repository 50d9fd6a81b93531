/** The demo's datasets: listed by two curators with the command line, published from npm packages' real data. */
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readDataset } from '@enigma/chain'
import { datasetIdOf, parseDatasetPath } from '@enigma/protocol'
import { createPublicClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { writeEarthquakes } from '../exchange/earthquakes.ts'
import { vegaDataPath } from '../exchange/package-data.ts'
import { runEnigma } from '../processes/run-enigma.ts'
import type { DemoChain } from './chain.ts'
import type { DemoNode } from './nodes.ts'

export const descriptions = join(import.meta.dirname, '../../datasets')

export type Curator = { name: string; keyPath: string; address: `0x${string}` }
export type DemoDataset = {
  name: string
  curator: Curator
  priceEng: string
  depositEng: string
  description: string
  /** Nodes and what they do for it. */
  nodes: readonly { node: DemoNode; roles: string }[]
  /** Who signs its heads; the curator when absent. */
  publisher?: string
  /** Table and file to publish; absent where a worker curates. */
  file?: { table: string; path: string }
}

/** Opens or makes a curator's key. */
export async function openCurator({ directory, name }: { directory: string; name: string }): Promise<Curator> {
  const keyPath = join(directory, 'keys', `${name}.key`)
  await mkdir(join(directory, 'keys'), { recursive: true, mode: 0o700 })
  if (!(await exists(keyPath))) await runEnigma({ args: ['key', 'new', keyPath] })
  const { address } = privateKeyToAccount((await readFile(keyPath, 'utf8')).trim() as `0x${string}`)
  return { name, keyPath, address: address.toLowerCase() as `0x${string}` }
}

/** The permanent path of a dataset. */
export function pathOf({ curator, name }: Pick<DemoDataset, 'curator' | 'name'>): string {
  return `${curator.address}/${name}`
}

/** Lists the dataset where the chain does not know it yet, and publishes its file. */
export async function establishDataset({
  dataset,
  chain,
  directory,
  tell,
}: {
  dataset: DemoDataset
  chain: DemoChain
  directory: string
  tell: (text: string) => void
}): Promise<void> {
  const path = pathOf(dataset)
  const known = await readDataset({
    publicClient: createPublicClient({ transport: http(chain.anvil.rpcUrl) }),
    deployment: chain.network,
    dataset: datasetIdOf(parseDatasetPath(path)),
  })
  const network = ['--network', chain.networkPath, '--key', dataset.curator.keyPath]
  if (known === undefined) {
    tell(`${dataset.name}: listing`)
    const acceptances = await acceptByNodes(dataset, directory)
    await runEnigma({
      args: ['dataset', 'register', dataset.description, ...registerArguments(dataset, acceptances), ...network],
    })
  }
  if (dataset.file !== undefined && known === undefined) {
    tell(`${dataset.name}: publishing ${dataset.file.table}`)
    await runEnigma({
      args: ['dataset', 'publish', path, `${dataset.file.table}=${dataset.file.path}`, ...network],
      home: directory,
    })
  }
}

function registerArguments(
  { name, priceEng, depositEng, nodes, curator, publisher }: DemoDataset,
  acceptances: readonly string[],
) {
  const half =
    nodes[0] === undefined ? [] : ['--payout', `${curator.address}:70`, '--payout', `${nodes[0].node.signer}:30`]
  return [
    ...['--name', name, '--price', priceEng, '--deposit', depositEng],
    ...half,
    ...acceptances.flatMap((file) => ['--node', file]),
    ...(publisher === undefined ? [] : ['--publisher', publisher]),
  ]
}

/** Each node's operator signs that the node serves the dataset. */
async function acceptByNodes(dataset: DemoDataset, directory: string): Promise<string[]> {
  const folder = join(directory, 'acceptances')
  await mkdir(folder, { recursive: true })
  return Promise.all(
    dataset.nodes.map(async ({ node, roles }) => {
      const out = join(folder, `${dataset.name}-${node.name}.json`)
      await runEnigma({
        args: ['node', 'accept', pathOf(dataset), '--config', node.configPath, '--roles', roles, '--out', out],
      })
      return out
    }),
  )
}

/** Files to publish, from npm packages that are development dependencies. */
export async function demoFiles(
  directory: string,
): Promise<{ flights: string; zipcodes: string; earthquakes: string }> {
  const earthquakes = join(directory, 'earthquakes.ndjson')
  if (!(await exists(earthquakes))) await writeEarthquakes({ path: earthquakes })
  return { flights: vegaDataPath('flights-3m.parquet'), zipcodes: vegaDataPath('zipcodes.csv'), earthquakes }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
