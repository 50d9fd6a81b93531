/** What a fresh user does: an account from nothing, money from the faucet, two subscriptions, two queries. */
import { createNodeClient } from '@enigma/client/node'
import type { MarketplaceClient, QueryResult } from '@enigma/client'
import { decimalOf, type NetworkFile, type ResultColumn, type Value } from '@enigma/protocol'
import { setTimeout as delay } from 'node:timers/promises'
import Table from 'cli-table3'
import { createWalletClient, defineChain, formatEther, type Hex, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'

const readyWithinMs = 120_000
const retryMs = 500

export type AskParameters = {
  network: NetworkFile
  candlesPath: string
  flightsPath: string
  tell: (text: string) => void
}

/** Runs the whole way and returns the last line, which starts with `ok:`. */
export async function askAsNewcomer({ network, candlesPath, flightsPath, tell }: AskParameters): Promise<string> {
  const account = privateKeyToAccount(generatePrivateKey())
  tell(`a fresh account: ${account.address}`)
  await fundByFaucet(network, account.address)
  const client = await createNodeClient({ network })
  try {
    const walletClient = createWalletClient({ account, chain: chainOf(network), transport: http(network.rpcUrls[0]) })
    await client.authorize({
      signer: { address: account.address, signTypedData: (typedData) => account.signTypedData(typedData) },
    })
    const minBlock = await subscribe(client, [candlesPath, flightsPath], walletClient, tell)

    tell('asking coinbase_data through a relay that cannot read the question or the answer')
    const sql = 'SELECT product, time, open, high, low, close FROM candles ORDER BY time DESC, product LIMIT 6'
    const candles = await untilReady(() =>
      client.query({ dataset: candlesPath, sql, account: account.address, webrtcOnly: true, minBlock }).collect(),
    )
    print(candles, tell)

    tell('asking flights on the private node, by WebRTC over a relay')
    const flights = await untilReady(() =>
      client
        .query({
          dataset: flightsPath,
          sql: 'SELECT origin, count(*) AS flights, round(avg(delay), 1) AS mean_delay FROM flights GROUP BY origin ORDER BY flights DESC LIMIT 8',
          account: account.address,
          path: 'direct',
          webrtcOnly: true,
          minBlock,
        })
        .collect(),
    )
    print(flights, tell)
    return `ok: ${flights.rowCount} rows from ${flightsPath} over ${flights.transport.kind}, receipt verified, ${flights.timings.totalMs.toFixed(0)} ms`
  } finally {
    await client.close()
  }
}

async function subscribe(
  client: MarketplaceClient,
  paths: readonly string[],
  walletClient: Parameters<MarketplaceClient['subscribe']>[0]['walletClient'],
  tell: (text: string) => void,
): Promise<number> {
  let block = 0
  for (const dataset of paths) {
    const { blockNumber, charge, endSeconds } = await client.subscribe({ dataset, walletClient })
    const until = new Date(endSeconds * 1000).toISOString().slice(0, 10)
    tell(`subscribed to ${dataset} until ${until} for ${Number(formatEther(charge)).toFixed(4)} ENG`)
    block = blockNumber
  }
  return block
}

async function fundByFaucet({ faucetUrl }: NetworkFile, account: Hex): Promise<void> {
  if (faucetUrl === undefined) throw new Error('the network has no faucet')
  const response = await fetch(`${faucetUrl}/fund`, { method: 'POST', body: JSON.stringify({ account }) })
  if (!response.ok) throw new Error(`the faucet refused: ${await response.text()}`)
}

/** A dataset that was listed a moment ago has its first rows in a moment. */
async function untilReady<Result>(ask: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + readyWithinMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(retryMs)
    }
  }
}

type Answer = QueryResult & { columns: readonly ResultColumn[]; rows: readonly (readonly Value[])[] }

function print({ columns, rows, transport, facts, path, timings }: Answer, tell: (text: string) => void): void {
  const table = new Table({ head: columns.map(({ name }) => name), style: { head: [], border: [] } })
  for (const row of rows) table.push(columns.map(({ type }, at) => show(type, row[at] ?? null)))
  tell(
    `${table.toString()}\n   ${rows.length} rows · snapshot ${facts.seq} · ${path} path over ${transport.kind} · ${timings.totalMs.toFixed(0)} ms`,
  )
}

function show(type: ResultColumn['type'], value: Value): string {
  if (type === 'timestamp' && typeof value === 'bigint') return new Date(Number(value / 1000n)).toISOString()
  const scale = decimalOf(type)?.scale
  return scale !== undefined && typeof value === 'bigint' ? (Number(value) / 10 ** scale).toFixed(2) : String(value)
}

function chainOf({ chainId, name, rpcUrls }: NetworkFile) {
  return defineChain({
    id: chainId,
    name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: rpcUrls } },
  })
}
