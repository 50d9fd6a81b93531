/** The whole demo network on loopback, every part a real process: chain, faucet, exchange, relays, nodes, datasets. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readPriceHistories } from './exchange/price-history.ts'
import { startExchange } from './exchange/start-exchange.ts'
import { type DemoChain, startChain, writeNetworkFile } from './network/chain.ts'
import {
  type Curator,
  demoFiles,
  type DemoDataset,
  descriptions,
  establishDataset,
  openCurator,
} from './network/datasets.ts'
import { startFaucet } from './network/faucet.ts'
import { type DemoNode, startNode } from './network/nodes.ts'
import { prepareWebApp, type WebApp } from './network/web-app.ts'
import { createSupervisor, type Supervisor } from './processes/supervisor.ts'

export type DemoNetwork = {
  chain: DemoChain
  networkPath: string
  faucetUrl: string
  /** Where the web app is served; undefined when it was not asked for. */
  webUrl: string | undefined
  datasets: readonly DemoDataset[]
  nodes: readonly DemoNode[]
  stop: () => Promise<void>
}

export type StartDemoParameters = {
  directory: string
  /** Build the web app and serve it by the first relay; at this port, 0 for any, else where the last start served it. */
  web?: { port: number | undefined }
  /** Tells each step. */
  tell: (text: string) => void
  /** Told when a part ends by itself. */
  onFailure: (text: string) => void
}

/** Starts everything; on failure what was started is stopped. */
export async function startDemoNetwork(parameters: StartDemoParameters): Promise<DemoNetwork> {
  const { directory, onFailure } = parameters
  const logDirectory = join(directory, 'logs')
  await mkdir(logDirectory, { recursive: true })
  const supervisor = createSupervisor({
    logDirectory,
    onUnexpectedEnd: ({ name, logPath }) => onFailure(`${name} ended by itself; its log is ${logPath}`),
  })
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    await supervisor.stopAll()
    for (const each of stops.splice(0).toReversed()) await each()
  }
  try {
    return { ...(await start(parameters, supervisor, stops)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Parts = StartDemoParameters & { supervisor: Supervisor; stops: (() => Promise<void>)[] }

async function start(
  parameters: StartDemoParameters,
  supervisor: Supervisor,
  stops: (() => Promise<void>)[],
): Promise<Omit<DemoNetwork, 'stop'>> {
  const parts: Parts = { ...parameters, supervisor, stops }
  const { directory, tell } = parts
  const [{ chain, faucetUrl, exchangeUrl }, web] = await Promise.all([startServices(parts), startWebApp(parts)])
  const relays = await startRelays(parts, chain, { faucetUrl, web })
  const [ada, grace] = await Promise.all(['ada', 'grace'].map((name) => openCurator({ directory, name })))
  if (ada === undefined || grace === undefined) throw new Error('two curators are needed')
  const nodes = await startDataNodes(parts, chain, { exchangeUrl, scriptPath: `${ada.address}/coinbase_data` })
  const datasets = describeDatasets({ ada, grace, ...nodes, files: await demoFiles(directory) })

  tell('datasets: listed by two curators, published from npm packages')
  await Promise.all([ada, grace].map(({ address }) => chain.fund(address)))
  const byCurator = Map.groupBy(datasets, ({ curator }) => curator.name)
  await Promise.all(
    [...byCurator.values()].map(async (own) => {
      for (const dataset of own) await establishDataset({ dataset, chain, directory, tell })
    }),
  )
  const addresses = relays.flatMap(({ multiaddrs }) => multiaddrs)
  return {
    chain: { ...chain, network: { ...chain.network, relays: addresses, faucetUrl } },
    networkPath: chain.networkPath,
    faucetUrl,
    webUrl: relays[0]?.webUrl,
    datasets,
    nodes: [...relays, nodes.publicNode, nodes.privateNode, nodes.worker],
  }
}

async function startWebApp({ directory, tell, web }: Parts): Promise<WebApp | undefined> {
  if (web === undefined) return undefined
  tell('web app: building')
  return prepareWebApp({ directory, wish: web.port })
}

async function startServices({ directory, tell, stops }: Parts) {
  tell('chain: anvil, ENG token, Marketplace')
  const chain = await startChain({ directory })
  stops.push(() => chain.anvil.stop())
  const faucet = await startFaucet({ fund: chain.fund })
  stops.push(() => faucet.stop())
  const exchange = await startExchange({ histories: await readPriceHistories() })
  stops.push(() => exchange.stop())
  return { chain, faucetUrl: faucet.url, exchangeUrl: exchange.url }
}

/** Two relays that know each other; the network file names both from then on. */
async function startRelays(
  { directory, tell, supervisor }: Parts,
  chain: DemoChain,
  { faucetUrl, web }: { faucetUrl: string; web: WebApp | undefined },
): Promise<DemoNode[]> {
  tell('relays: two')
  const common = { directory, networkPath: chain.networkPath, supervisor }
  const first = await startNode({ ...common, settings: { name: 'relay-1', roles: ['relay'], web } })
  const second = await startNode({
    ...common,
    settings: { name: 'relay-2', roles: ['relay'], relays: first.multiaddrs },
  })
  const relays = [...first.multiaddrs, ...second.multiaddrs]
  await writeNetworkFile(chain.networkPath, { ...chain.network, relays, faucetUrl })
  return [first, second]
}

async function startDataNodes(
  { directory, tell, supervisor }: Parts,
  chain: DemoChain,
  { exchangeUrl, scriptPath }: { exchangeUrl: string; scriptPath: string },
) {
  tell('nodes: a public and a private persistence node, a worker')
  const common = { directory, networkPath: chain.networkPath, supervisor }
  const script = {
    scripts: { [scriptPath]: join(descriptions, 'coinbase-data.ts') },
    hostOverrides: { 'exchange.demo': exchangeUrl },
  }
  // Curators who publish in the browser need a node that takes their data.
  const accepts = { curators: 'anyone', minDepositEng: '10', sharePercent: 20 } as const
  const [publicNode, privateNode, worker] = await Promise.all([
    startNode({ ...common, settings: { name: 'persistence-public', roles: ['persistence'], accepts } }),
    startNode({ ...common, settings: { name: 'persistence-private', roles: ['persistence'], private: true } }),
    startNode({ ...common, settings: { name: 'worker', roles: ['worker'], worker: script } }),
  ])
  return { publicNode, privateNode, worker }
}

type DatasetParts = {
  ada: Curator
  grace: Curator
  publicNode: DemoNode
  privateNode: DemoNode
  worker: DemoNode
  files: Awaited<ReturnType<typeof demoFiles>>
}

function describeDatasets({ ada, grace, publicNode, privateNode, worker, files }: DatasetParts): DemoDataset[] {
  const describe = (name: string) => join(descriptions, `${name}.json`)
  const atPublic = [{ node: publicNode, roles: 'persistence' }]
  return [
    {
      ...{ name: 'coinbase_data', curator: ada, priceEng: '10', depositEng: '500' },
      description: describe('coinbase-data'),
      nodes: [...atPublic, { node: worker, roles: 'worker' }],
      publisher: worker.signer,
    },
    {
      ...{ name: 'earthquakes', curator: grace, priceEng: '2', depositEng: '100' },
      description: describe('earthquakes'),
      nodes: atPublic,
      file: { table: 'earthquakes', path: files.earthquakes },
    },
    {
      ...{ name: 'zipcodes', curator: grace, priceEng: '1', depositEng: '100' },
      description: describe('zipcodes'),
      nodes: atPublic,
      file: { table: 'zipcodes', path: files.zipcodes },
    },
    {
      ...{ name: 'flights', curator: ada, priceEng: '25', depositEng: '1000' },
      description: describe('flights'),
      nodes: [{ node: privateNode, roles: 'persistence' }],
      file: { table: 'flights', path: files.flights },
    },
  ]
}
