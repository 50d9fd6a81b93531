/** Each documented exit code of the real command, as a process of its own (docs/errors.md). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { priceToRate, readSettings, registerDataset } from '@enigma/chain'
import type { NetworkFile } from '@enigma/protocol'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { keccak256, parseEther, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exitCodes } from '../../src/commands/output.ts'

const main = join(import.meta.dirname, '../../src/main.ts')
const somePeer = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'

let directory: string
let market: TestMarketplace
let network: NetworkFile
/** A relay that takes connections and says nothing. */
let silent: Server
const sockets = new Set<Socket>()
let path: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-exit-'))
  market = await startMarketplace()
  const { publicClient, deployment, anvil } = market
  const { referencePrice } = await readSettings({ publicClient, deployment })
  const { chainId, token, marketplace, deploymentBlock } = deployment
  network = {
    ...{ v: 1, name: 'test', chainId, token, marketplace, deploymentBlock, confirmations: 0 },
    ...{ referencePriceWei: String(referencePrice), rpcUrls: [anvil.rpcUrl], relays: [] },
  }
  const curator = market.wallet(1)
  const payee = curator.account.address.toLowerCase() as `0x${string}`
  path = `${payee}/prices`
  await registerDataset({
    ...{ publicClient, deployment, walletClient: curator, name: 'prices', rate: priceToRate(parseEther('3')) },
    ...{ deposit: parseEther('100'), trialSeconds: 0 },
    config: { metadataHash: keccak256(toHex('one')), publisher: payee, payouts: [{ payee, shareBps: 10_000 }] },
  })
  silent = createServer((socket) => sockets.add(socket.on('error', () => sockets.delete(socket))))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  silent.close()
  await market.stop()
  await rm(directory, { recursive: true })
})

async function networkFile(name: string, change: Partial<NetworkFile> = {}): Promise<string> {
  const file = join(directory, `${name}.json`)
  await writeFile(file, JSON.stringify({ ...network, ...change }))
  return file
}

function start(args: readonly string[]): { child: ChildProcess; ended: Promise<{ code: number; said: string }> } {
  const env = { ...process.env, ENIGMA_HOME: directory }
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let said = ''
  child.stdout.on('data', (part) => (said += String(part)))
  child.stderr.on('data', (part) => (said += String(part)))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, said }))
  return { child, ended }
}
const run = (...args: readonly string[]) => start(args).ended

test('0 when all is done, 2 for a wrong setting and for wrong usage', async () => {
  const file = join(directory, 'a.key')
  expect(await run('key', 'new', file)).toMatchObject({ code: exitCodes.ok })
  expect(await run('key', 'new', file)).toMatchObject({
    code: exitCodes.usage,
    said: expect.stringContaining('code: setting-invalid') as string,
  })
  expect(await run('key', 'old', file)).toMatchObject({ code: exitCodes.usage })
})

test('1 for what was refused', async () => {
  const unknown = path.replace('/prices', '/nothing')
  expect(await run('dataset', 'status', unknown, '--network', await networkFile('whole'))).toMatchObject({
    code: exitCodes.refused,
    said: expect.stringContaining('code: dataset-unknown') as string,
  })
})

test('3 when nobody could be reached', async () => {
  const file = await networkFile('dead', { rpcUrls: ['http://127.0.0.1:9'] })
  expect(await run('dataset', 'status', path, '--network', file)).toMatchObject({
    code: exitCodes.unreachable,
    said: expect.stringContaining('code: chain-unavailable') as string,
  })
})

test('130 when it was interrupted', async () => {
  const { port } = silent.address() as AddressInfo
  const relays = [`/ip4/127.0.0.1/tcp/${port}/p2p/${somePeer}`]
  const reached = once(silent, 'connection')
  const { child, ended } = start(['dataset', 'status', path, '--network', await networkFile('silent', { relays })])
  await Promise.race([reached, ended])
  child.kill('SIGINT')
  expect(await ended).toMatchObject({
    code: exitCodes.interrupted,
    said: expect.stringContaining('interrupted') as string,
  })
})
