/** `enigma grant add-registry` for a network that stands already. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { bumpGrantEpoch, readGrantEpoch, readSettings } from '@enigma/chain'
import { type NetworkFile, parseNetworkFile } from '@enigma/protocol'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { exitCodes } from '../../src/commands/output.ts'
import { runProgram } from '../../src/commands/program.ts'

let directory: string
let file: string
let market: TestMarketplace
let bare: NetworkFile

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-registry-'))
  file = join(directory, 'enigma-network.json')
  market = await startMarketplace()
  const { publicClient, deployment, anvil } = market
  const { referencePrice } = await readSettings({ publicClient, deployment })
  const { chainId, token, marketplace, deploymentBlock } = deployment
  bare = {
    ...{ v: 1, name: 'test', chainId, token, marketplace, deploymentBlock, confirmations: 0 },
    ...{ referencePriceWei: String(referencePrice), rpcUrls: [anvil.rpcUrl], relays: ['/dns4/relay.example/tcp/1'] },
  }
})
beforeEach(() => writeFile(file, JSON.stringify(bare)))
afterAll(async () => {
  await market.stop()
  await rm(directory, { recursive: true })
})

async function addRegistry(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const said = text(stderr)
  const environment = { ENIGMA_KEY: market.anvil.accounts[3]?.privateKey ?? '' }
  let exitCode: number = exitCodes.ok
  const setExitCode = (code: number) => (exitCode = code)
  const context = { stdout, stderr, environment, signal: new AbortController().signal, setExitCode }
  await runProgram(context, ['node', 'enigma', 'grant', 'add-registry', '--network', file, ...args])
  stderr.end()
  return { exitCode, said: await said, network: parseNetworkFile(await readFile(file, 'utf8')) }
}

test('deploys one, names it in the file and changes nothing else there; accounts end their grants in it', async () => {
  const { exitCode, network } = await addRegistry()
  expect(exitCode).toBe(exitCodes.ok)
  expect(network).toEqual({ ...bare, grantRegistry: network.grantRegistry })
  expect(await readdir(directory)).toEqual(['enigma-network.json'])
  const { publicClient } = market
  const walletClient = market.wallet(2)
  await bumpGrantEpoch({ publicClient, walletClient, deployment: network })
  expect(await readGrantEpoch({ publicClient, deployment: network, account: walletClient.account.address })).toBe(1)
})

test('takes one that stands, and no other contract', async () => {
  const { grantRegistry, token } = market.deployment
  expect((await addRegistry('--registry', grantRegistry)).network.grantRegistry).toBe(grantRegistry)
  await writeFile(file, JSON.stringify(bare))
  for (const other of [token, `0x${'12'.repeat(20)}`, 'registry']) {
    expect(await addRegistry('--registry', other)).toMatchObject({ exitCode: exitCodes.usage, network: bare })
  }
})

test('keeps the one that a network has: what ended there stays ended', async () => {
  const { network } = await addRegistry()
  const again = await addRegistry()
  expect([again.exitCode, again.network]).toEqual([exitCodes.usage, network])
  expect(again.said).toContain('already')
})
