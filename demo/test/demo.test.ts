/**
 * The demo as a person runs it: `--once` to its `ok:` line, a second start that goes on where the first ended, `--fresh`
 * that starts over; and nothing left of it however it ends. In one file: each start publishes 3,000,000 rows.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodeClient } from '@enigma/client/node'
import type { MarketplaceClient } from '@enigma/client'
import { type NetworkFile, parseNetworkFile } from '@enigma/protocol'
import { createPublicClient, createWalletClient, defineChain, type Hex, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openCurator, pathOf } from '../src/network/datasets.ts'
import { allGone, type DemoProcess, demoTimeoutMs, lineOf, startDemo } from './demo-process.ts'

const account = privateKeyToAccount(generatePrivateKey())
const waiting = { timeout: 120_000, interval: 500 }

let parent: string
let directory: string
const demos: DemoProcess[] = []

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'enigma-demo-test-'))
  directory = join(parent, 'demo')
})
afterAll(async () => {
  for (const { child } of demos) child.kill('SIGKILL')
  await allGone(...demos)
  await rm(parent, { recursive: true, force: true })
})

function start(...args: readonly string[]): DemoProcess {
  const demo = startDemo(args, parent)
  demos.push(demo)
  return demo
}

/** Starts the demo, looks at it when `pattern` is printed, be that half-way, and ends it by Ctrl-C with every process. */
async function during<Seen>(args: readonly string[], pattern: RegExp, look: () => Promise<Seen>): Promise<Seen> {
  const demo = start('--directory', directory, '--port', '0', ...args)
  await lineOf(demo, pattern)
  const seen = await look()
  demo.child.kill('SIGINT')
  expect((await demo.ended).code).toBe(0)
  await allGone(demo)
  return seen
}

const running = /^The network runs/
const lastLine = /^ok: 8 rows from 0x[0-9a-f]{40}\/flights over webrtc, receipt verified, \d+ ms$/
const networkFile = async () => parseNetworkFile(await readFile(join(directory, 'enigma-network.json'), 'utf8'))
const blockAt = ({ rpcUrls }: NetworkFile, blockNumber: bigint) =>
  createPublicClient({ transport: http(rpcUrls[0]) }).getBlock({ blockNumber })

/** What must not change, or only grow, from start to start. */
type Seen = { network: NetworkFile; curators: Hex[]; answers: Answer[] }
type Answer = { dataset: string; seq: number; rows: bigint }

async function see(firstTime: boolean): Promise<Seen> {
  const network = await networkFile()
  const [ada, grace] = await Promise.all(['ada', 'grace'].map((name) => openCurator({ directory, name })))
  if (ada === undefined || grace === undefined) throw new Error('the demo has two curators')
  const client = await createNodeClient({ network })
  try {
    const answers: Answer[] = []
    const paid = [pathOf({ curator: ada, name: 'coinbase_data' }), pathOf({ curator: ada, name: 'flights' })]
    await client.authorize({
      signer: { address: account.address, signTypedData: (typedData) => account.signTypedData(typedData) },
    })
    const minBlock = firstTime ? await subscribe(client, network, paid) : 0
    for (const [dataset, table] of [[paid[0], 'candles'] as const, [paid[1], 'flights'] as const]) {
      if (dataset !== undefined) answers.push(await count(client, dataset, table, minBlock))
    }
    for (const name of ['earthquakes', 'zipcodes']) {
      answers.push(await count(client, pathOf({ curator: grace, name }), name))
    }
    return { network, curators: [ada.address, grace.address], answers }
  } finally {
    await client.close()
  }
}

async function subscribe(client: MarketplaceClient, network: NetworkFile, datasets: readonly string[]) {
  const response = await fetch(`${network.faucetUrl ?? ''}/fund`, {
    method: 'POST',
    body: JSON.stringify({ account: account.address }),
  })
  expect(response.status).toBe(200)
  const chain = defineChain({
    id: network.chainId,
    name: network.name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: network.rpcUrls } },
  })
  const walletClient = createWalletClient({ account, chain, transport: http(network.rpcUrls[0]) })
  let block = 0
  for (const dataset of datasets) block = (await client.subscribe({ dataset, walletClient })).blockNumber
  return block
}

/** Counts the rows, as a subscriber when there is a block to wait for, else in the sample. */
async function count(client: MarketplaceClient, dataset: string, table: string, minBlock?: number): Promise<Answer> {
  const sql = `SELECT count(*) AS rows FROM ${table}`
  const ask = () =>
    minBlock === undefined
      ? client.sample({ dataset, sql }).collect()
      : client.query({ dataset, sql, account: account.address, minBlock }).collect()
  const { rows, facts } = await vi.waitFor(ask, waiting)
  const [[value] = []] = rows
  if (typeof value !== 'bigint') throw new TypeError(`a count is a bigint, not ${typeof value}`)
  return { dataset, seq: facts.seq, rows: value }
}

test(
  '--once subscribes, asks over WebRTC, prints ok and leaves no process',
  async () => {
    const demo = start('--once')
    const { code } = await demo.ended
    expect({ code, errors: demo.errors.filter((line) => line.includes('logs:')) }).toEqual({ code: 0, errors: [] })
    expect(demo.lines.at(-1)).toMatch(lastLine)
    // Anvil, two relays, two persistence nodes, a worker, the watchdog, engines and commands.
    expect(demo.family.size()).toBeGreaterThan(10)
    await allGone(demo)
  },
  demoTimeoutMs,
)

test(
  'its death half-way takes every process along',
  async () => {
    const demo = start('--directory', join(parent, 'killed'), '--port', '0')
    await lineOf(demo, /listing/)
    demo.family.look()
    expect(demo.family.living().length).toBeGreaterThan(6)
    demo.child.kill('SIGKILL')
    expect((await demo.ended).code).toBeNull()
    await allGone(demo)
  },
  demoTimeoutMs,
)

test(
  'a second start resumes chain, datasets and subscriptions; --fresh forgets them',
  async () => {
    const first = await during([], running, async () => {
      const seen = await see(true)
      const { number } = await createPublicClient({ transport: http(seen.network.rpcUrls[0]) }).getBlock()
      return { ...seen, begin: await blockAt(seen.network, 1n), newest: await blockAt(seen.network, number) }
    })
    const second = await during([], running, async () => {
      const seen = await see(false)
      return { ...seen, then: await blockAt(seen.network, first.newest.number) }
    })
    const contracts = ({ marketplace, token }: NetworkFile) => ({ marketplace, token })
    expect(contracts(second.network)).toEqual(contracts(first.network))
    expect(second.then.hash).toBe(first.newest.hash)
    expect(second.curators).toEqual(first.curators)
    expect(second.answers.map(({ dataset }) => dataset)).toEqual(first.answers.map(({ dataset }) => dataset))
    for (const [at, { dataset, seq, rows }] of first.answers.entries()) {
      expect(rows, dataset).toBeGreaterThan(0n)
      expect(second.answers[at]?.seq, dataset).toBeGreaterThanOrEqual(seq)
      expect(second.answers[at]?.rows, dataset).toBeGreaterThanOrEqual(rows)
    }

    const fresh = await during(['--fresh'], /coinbase_data: listing/, async () => ({
      begin: await blockAt(await networkFile(), 1n),
      curator: (await openCurator({ directory, name: 'ada' })).address,
    }))
    expect(first.curators).not.toContain(fresh.curator)
    expect(fresh.begin.hash).not.toBe(first.begin.hash)
  },
  6 * demoTimeoutMs,
)
