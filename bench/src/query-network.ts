/** The smallest network that answers: a chain, one relay, one persistence node with 3,000,000 flights, a subscriber. */
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MarketplaceClient } from '@enigma/client'
import { createNodeClient, createNodeHost } from '@enigma/client/node'
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
  /** Subscribers, one for each way of asking: a grant bounds the queries of a minute. */
  accounts: readonly [`0x${string}`, `0x${string}`, `0x${string}`]
  /** The key of the first account, for a client elsewhere. */
  key: `0x${string}`
  file: NetworkFile
  dataset: string
  /** There and back on an open stream to the relay, in milliseconds. */
  measureRoundTrip: () => Promise<number>
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
  const host = await createNodeHost({ network })
  const client = await createNodeClient({ network, host })
  const subscribe = async (key = generatePrivateKey()) => {
    const account = privateKeyToAccount(key)
    await chain.fund(account.address)
    await client.authorize({
      signer: { address: account.address, signTypedData: (typedData) => account.signTypedData(typedData) },
    })
    const walletClient = createWalletClient({ account, chain: foundry, transport: http(chain.anvil.rpcUrl) })
    await client.subscribe({ dataset: pathOf(dataset), walletClient })
    return account.address
  }
  const key = generatePrivateKey()
  const accounts = [await subscribe(key), await subscribe(), await subscribe()] as const
  return {
    ...{ client, accounts, key },
    file: network,
    measureRoundTrip: () => measureEcho(host, relay.peerId),
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

type Host = Awaited<ReturnType<typeof createNodeHost>>

const echoes = 200
const echoBytes = 32

/** The median of what libp2p's ping protocol echoes, the first half left out: the programs are warm after it. */
async function measureEcho(host: Host, relayPeerId: string): Promise<number> {
  const connection = host.getConnections().find(({ remotePeer }) => remotePeer.toString() === relayPeerId)
  if (connection === undefined) throw new TypeError('there is no connection to the relay')
  const stream = await connection.newStream('/ipfs/ping/1.0.0')
  const times: number[] = []
  for (let index = 0; index < echoes; index++) {
    const started = performance.now()
    const answered = once(stream, 'message')
    stream.send(crypto.getRandomValues(new Uint8Array(echoBytes)))
    await answered
    times.push(performance.now() - started)
  }
  await stream.close()
  return times.slice(echoes / 2).sort((a, b) => a - b)[echoes / 4] ?? NaN
}
