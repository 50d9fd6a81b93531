/** The demo's chain: anvil with its state on disk, the contracts deployed once, money for whoever asks. */
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ContractDeployment, readBalances, transferToken } from '@enigma/chain'
import { type NetworkFile, parseNetworkFile } from '@enigma/protocol'
import { type Anvil, startAnvil } from '@enigma/testing/node'
import { createPublicClient, createWalletClient, defineChain, type Hex, http, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { runEnigma } from '../processes/run-enigma.ts'

const faucetEng = parseEther('10000')
const faucetEth = parseEther('10')

export type DemoChain = {
  anvil: Anvil
  network: NetworkFile
  networkPath: string
  /** Tops an account up; one after the other, because one account pays. */
  fund: (account: Hex) => Promise<void>
}

/** Starts anvil from the state of the last start and deploys where nothing is deployed yet. */
export async function startChain({ directory }: { directory: string }): Promise<DemoChain> {
  const anvil = await startAnvil({
    blockTimeSeconds: 1,
    statePath: join(directory, 'chain.json'),
    extraArguments: ['--mixed-mining'],
  })
  const networkPath = join(directory, 'enigma-network.json')
  const network = (await readDeployed(networkPath, anvil)) ?? (await deploy(directory, networkPath, anvil))
  return { anvil, network, networkPath, fund: createFaucet(anvil, network) }
}

/** Writes the network file, as the relays' addresses change from start to start. */
export async function writeNetworkFile(path: string, network: NetworkFile): Promise<void> {
  await writeFile(path, `${JSON.stringify(network, null, 2)}\n`)
}

async function readDeployed(path: string, anvil: Anvil): Promise<NetworkFile | undefined> {
  try {
    await access(path)
  } catch {
    // The first start: there is no network file yet.
    return undefined
  }
  const network = { ...parseNetworkFile(await readFile(path, 'utf8')), rpcUrls: [anvil.rpcUrl], relays: [] }
  const code = await createPublicClient({ transport: http(anvil.rpcUrl) }).getCode({ address: network.marketplace })
  if (code === undefined) return undefined
  await writeNetworkFile(path, network)
  return network
}

async function deploy(directory: string, path: string, { rpcUrl, accounts }: Anvil): Promise<NetworkFile> {
  const [deployer] = accounts
  if (deployer === undefined) throw new Error('anvil has no accounts')
  const key = join(directory, 'deployer.key')
  await writeFile(key, `${deployer.privateKey}\n`, { mode: 0o600 })
  await runEnigma({
    args: ['deploy', '--rpc', rpcUrl, '--key', key, '--out', path, '--name', 'enigma demo', '--confirmations', '0'],
  })
  return parseNetworkFile(await readFile(path, 'utf8'))
}

function createFaucet({ rpcUrl, chainId, accounts }: Anvil, deployment: ContractDeployment): DemoChain['fund'] {
  const chain = defineChain({
    id: chainId,
    name: 'demo',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const [deployer] = accounts
  if (deployer === undefined) throw new Error('anvil has no accounts')
  const account = privateKeyToAccount(deployer.privateKey)
  const publicClient = createPublicClient({ chain, transport: http(rpcUrl), pollingInterval: 100 })
  const walletClient = createWalletClient({ account, chain, transport: http(rpcUrl) })
  let last: Promise<void> = Promise.resolve()
  const fundOne = async (to: Hex) => {
    const { eth, token } = await readBalances({ publicClient, deployment, account: to })
    if (eth < faucetEth / 2n) {
      await publicClient.waitForTransactionReceipt({
        hash: await walletClient.sendTransaction({ to, value: faucetEth }),
      })
    }
    if (token < faucetEng / 2n) await transferToken({ publicClient, walletClient, deployment, to, amount: faucetEng })
  }
  return (to) => {
    const turn = last.catch(() => undefined).then(() => fundOne(to))
    last = turn
    return turn
  }
}
