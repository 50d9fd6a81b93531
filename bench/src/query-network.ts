/** The smallest network that answers: a chain, one relay, one persistence node with 3,000,000 flights, a subscriber. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MarketplaceClient } from '@enigma/client'
import { createNodeClient } from '@enigma/client/node'
import type { NetworkFile } from '@enigma/protocol'
import { createWalletClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { startChain, writeNetworkFile } from '../../demo/src/network/chain.ts'
import { descriptions, establishDataset, openCurator, pathOf } from '../../demo/src/network/datasets.ts'
import { vegaDataPath } from '../../demo/src/exchange/package-data.ts'
import { startNode } from '../../demo/src/network/nodes.ts'
import { createSupervisor } from '../../demo/src/processes/supervisor.ts'

export type QueryNetwork = {
  client: MarketplaceClient
  account: `0x${string}`
  /** The account's own, for a client elsewhere. */
  key: `0x${string}`
  file: NetworkFile
  dataset: string
  /** The persistence daemon. */
  daemonPid: number
  stop: () => Promise<void>
}

/** Starts it in a directory that is removed at the end. */
export async function startQueryNetwork(tell: (text: string) => void): Promise<QueryNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-bench-'))
  await mkdir(join(directory, 'logs'))
  const supervisor = createSupervisor({
    logDirectory: join(directory, 'logs'),
    onUnexpectedEnd: ({ name }) => tell(`${name} ended`),
  })
  const chain = await startChain({ directory })
  const common = { directory, networkPath: chain.networkPath, supervisor }
  const relay = await startNode({ ...common, settings: { name: 'relay', roles: ['relay'] } })
  const network = { ...chain.network, relays: [...relay.multiaddrs] }
  await writeNetworkFile(chain.networkPath, network)
  const node = await startNode({ ...common, settings: { name: 'persistence', roles: ['persistence'] } })
  const curator = await openCurator({ directory, name: 'curator' })
  await chain.fund(curator.address)
  const dataset = {
    ...{
      name: 'flights',
      curator,
      priceEng: '25',
      depositEng: '1000',
      description: join(descriptions, 'flights.json'),
    },
    nodes: [{ node, roles: 'persistence' }],
    file: { table: 'flights', path: vegaDataPath('flights-3m.parquet') },
  }
  await establishDataset({ dataset, chain, directory, tell })
  const key = generatePrivateKey()
  const account = privateKeyToAccount(key)
  await chain.fund(account.address)
  const client = await createNodeClient({ network })
  await client.authorize({
    signer: { address: account.address, signTypedData: (typedData) => account.signTypedData(typedData) },
  })
  const walletClient = createWalletClient({ account, chain: foundry, transport: http(chain.anvil.rpcUrl) })
  await client.subscribe({ dataset: pathOf(dataset), walletClient })
  return {
    ...{ client, key },
    file: network,
    account: account.address,
    dataset: pathOf(dataset),
    daemonPid: node.process.pid,
    async stop() {
      await client.close()
      await supervisor.stopAll()
      await chain.anvil.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
