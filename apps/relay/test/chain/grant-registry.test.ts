/** The verbs of the registry of ended grants against the real contract, and deployments that have none. */
import {
  bumpGrantEpoch,
  type ContractDeployment,
  type MarketplaceWallet,
  readBlockEvents,
  readDeploymentEventPages,
  readEvents,
  readGrantEpoch,
  readRevokedGrants,
  registerDataset,
  revokeGrant,
  revokeGrants,
} from '@enigma/chain'
import { type ErrorCode, MarketplaceError } from '@enigma/protocol'
import { keccak256, parseEther, toHex, type Hex } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addressOf, type ChainWorld, startChainWorld } from './support/chain-world.ts'

const idOf = (index: number) => keccak256(toHex(`grant ${index}`))

let world: ChainWorld
let market: ChainWorld['market']
let chain: ChainWorld['chain']
let alice: MarketplaceWallet
let bob: MarketplaceWallet
let as: ChainWorld['as']

beforeAll(async () => {
  world = await startChainWorld()
  ;({ market, chain, subscriber: alice, stranger: bob, as } = world)
})
beforeEach(() => world.restore())
afterAll(() => market.stop())

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof MarketplaceError) return error.code
      throw error
    },
  )
}

const epochOf = (wallet: MarketplaceWallet) => readGrantEpoch({ ...chain, account: addressOf(wallet) })
const revokedOf = (wallet: MarketplaceWallet, ...indexes: number[]) =>
  readRevokedGrants({ ...chain, account: addressOf(wallet), grantIds: indexes.map(idOf) })

/** Lists a dataset, so that both contracts have told something. */
async function register(): Promise<void> {
  const curator = world.curator
  const config = {
    ...{ metadataHash: keccak256('0x01'), publisher: addressOf(curator) },
    payouts: [{ payee: addressOf(curator), shareBps: 10_000 }],
  }
  const terms = { name: 'prices', rate: 10n ** 12n, deposit: parseEther('100'), trialSeconds: 0 }
  await registerDataset({ ...as(curator), ...terms, config })
}

describe('an account', () => {
  test('ends all its grants by its epoch, and nobody else’s', async () => {
    expect(await epochOf(alice)).toBe(0)
    expect(await bumpGrantEpoch(as(alice))).toMatchObject({ epoch: 1 })
    expect((await bumpGrantEpoch(as(alice))).epoch).toBe(2)
    expect([await epochOf(alice), await epochOf(bob)]).toEqual([2, 0])
  })

  test('ends one grant by its id, once', async () => {
    const { grantId, blockNumber } = await revokeGrant({ ...as(alice), grantId: idOf(1) })
    expect(grantId).toBe(idOf(1))
    expect(blockNumber).toBeGreaterThan(0)
    expect(await revokedOf(alice, 1, 2)).toEqual([idOf(1)])
    expect(await revokedOf(bob, 1)).toEqual([])
    expect(await codeOf(revokeGrant({ ...as(alice), grantId: idOf(1) }))).toBe('grant-revoked')
    expect(await codeOf(revokeGrant({ ...as(bob), grantId: idOf(1) }))).toBeUndefined()
  })

  test('ends several at once, passing over what is ended; a batch is bounded', async () => {
    await revokeGrant({ ...as(alice), grantId: idOf(2) })
    const batch = (grantIds: Hex[]) => revokeGrants({ ...as(alice), grantIds })
    expect((await batch([1, 2, 3].map(idOf))).grantIds).toEqual([idOf(1), idOf(3)])
    expect(await revokedOf(alice, 1, 2, 3, 4)).toEqual([1, 2, 3].map(idOf))
    expect((await batch([1, 2, 3].map(idOf))).grantIds).toEqual([])
    expect(await codeOf(batch([]))).toBe('parameter-invalid')
    const many = Array.from({ length: 101 }, (_, index) => idOf(index))
    expect(await codeOf(batch(many))).toBe('parameter-invalid')
    expect((await batch(many.slice(0, 100))).grantIds).toHaveLength(97)
  })
})

describe('events', () => {
  test('of both contracts come in one order, and the marketplace’s alone where they are asked for', async () => {
    await register()
    await revokeGrant({ ...as(alice), grantId: idOf(1) })
    const { blockHash, blockNumber } = await bumpGrantEpoch(as(alice))
    const toBlock = Number(await market.publicClient.getBlockNumber())
    const range = { ...chain, fromBlock: market.deployment.deploymentBlock, toBlock }
    for (const chunkBlocks of [1, 2000]) {
      const events = []
      for await (const page of readDeploymentEventPages({ ...range, chunkBlocks })) events.push(...page.events)
      expect(events.map(({ name }) => name)).toEqual(['DatasetRegistered', 'GrantRevoked', 'EpochBumped'])
    }
    expect((await readEvents(range)).map(({ name }) => name)).toEqual(['DatasetRegistered'])
    const account = addressOf(alice)
    expect(await readBlockEvents({ ...chain, blockHash })).toEqual([
      expect.objectContaining({ name: 'EpochBumped', args: { account, epoch: 1n }, blockNumber, blockHash }),
    ])
  })
})

describe('a deployment without a registry', () => {
  test('knows epoch 0 and nothing revoked, asking nobody', async () => {
    await bumpGrantEpoch(as(alice))
    await revokeGrant({ ...as(alice), grantId: idOf(1) })
    const read = {
      publicClient: undefined as never,
      deployment: withoutRegistry(chain.deployment),
      account: addressOf(alice),
    }
    expect(await readGrantEpoch(read)).toBe(0)
    expect(await readRevokedGrants({ ...read, grantIds: [idOf(1)] })).toEqual([])
  })

  test('refuses to end grants, which would have no effect', async () => {
    const write = { ...as(alice), deployment: withoutRegistry(chain.deployment) }
    expect(await codeOf(bumpGrantEpoch(write))).toBe('setting-invalid')
    expect(await codeOf(revokeGrant({ ...write, grantId: idOf(1) }))).toBe('setting-invalid')
    expect(await codeOf(revokeGrants({ ...write, grantIds: [idOf(1)] }))).toBe('setting-invalid')
  })
})

test('an address that is no registry is told as one', async () => {
  const deployment = { ...chain.deployment, grantRegistry: addressOf(bob) }
  expect(await codeOf(bumpGrantEpoch({ ...as(alice), deployment }))).toBe('transaction-reverted')
  expect(await codeOf(readGrantEpoch({ ...chain, deployment, account: addressOf(alice) }))).toBe('chain-unavailable')
})

function withoutRegistry({ grantRegistry, ...rest }: ContractDeployment): ContractDeployment {
  expect(grantRegistry).toBeDefined()
  return rest
}
