/** A dataset of an account of the test's own: listed on the demo's chain and served by its node, as a stranger could. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { runEnigma } from './run-enigma.ts'

export type ListedDataset = { path: string; name: string; account: PrivateKeyAccount }

export type ListDatasetParameters = {
  /** The demo's. */
  directory: string
  /** Begins the names of the dataset and its files; what follows makes them new. */
  prefix: string
  /** As `dataset register` takes it. */
  description: object
  table: string
  rows: readonly object[]
  /** In ENG. */
  price: string
  deposit: string
}

/** Lists it with the command line and publishes its rows. */
export async function listDataset(parameters: ListDatasetParameters): Promise<ListedDataset> {
  const { directory, prefix, table, rows, price, deposit } = parameters
  const name = `${prefix}_${Date.now().toString(36)}`
  const keyPath = join(directory, 'keys', `${name}.key`)
  await runEnigma(['key', 'new', keyPath])
  const account = privateKeyToAccount((await readFile(keyPath, 'utf8')).trim() as `0x${string}`)
  const networkPath = join(directory, 'enigma-network.json')
  const { faucetUrl } = JSON.parse(await readFile(networkPath, 'utf8')) as { faucetUrl?: string }
  await fund(faucetUrl ?? '', account.address)
  const path = `${account.address.toLowerCase()}/${name}`
  const acceptance = join(directory, 'acceptances', `${name}.json`)
  const node = join(directory, 'persistence-public/enigma.toml')
  await runEnigma(['node', 'accept', path, '--config', node, '--roles', 'persistence', '--out', acceptance])
  const description = join(directory, `${name}.json`)
  await writeFile(description, JSON.stringify(parameters.description))
  const file = join(directory, `${name}.ndjson`)
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const network = ['--network', networkPath, '--key', keyPath]
  await runEnigma([
    ...['dataset', 'register', description, '--name', name, '--price', price, '--deposit', deposit],
    ...['--node', acceptance, ...network],
  ])
  await runEnigma(['dataset', 'publish', path, `${table}=${file}`, ...network], { home: directory })
  return { path, name, account }
}

async function fund(faucetUrl: string, account: string): Promise<void> {
  const response = await fetch(new URL('/fund', faucetUrl), { method: 'POST', body: JSON.stringify({ account }) })
  if (!response.ok) throw new Error(`the faucet answered ${response.status}`)
}
