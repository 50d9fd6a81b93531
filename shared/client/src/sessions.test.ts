/** Sessions: the wallet signs once and for what is needed, and a session that is over is none. */
import { grantRegistryAbi } from '@enigma/chain'
import { verifyGrantChain } from '@enigma/crypto'
import { abilities, type Hex, limits, type NetworkFile, zeroHash } from '@enigma/protocol'
import { createPublicClient, custom, decodeFunctionData, encodeFunctionResult } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryKeyStore } from './key-stores.ts'
import { authorize, deploymentOf, findSession, forgetSession, type GrantSigner, requireSession } from './sessions.ts'
import type { ClientParts } from './types.ts'

const wallet = privateKeyToAccount(`0x${'01'.repeat(32)}`)
const network = { chainId: 31337, marketplace: `0x${'ab'.repeat(20)}` } as NetworkFile
const otherNetwork: NetworkFile = { ...network, chainId: 1 }
const withRegistry: NetworkFile = { ...network, grantRegistry: `0x${'cd'.repeat(20)}` }
const dataset: Hex = `0x${'0d'.repeat(32)}`

let now: number
let signatures: number
let keys: ReturnType<typeof createMemoryKeyStore>
/** What the wallet's account has ended on chain. */
let chain: { epoch: bigint; revoked: Hex[]; isReachable: boolean; calls: number }
const signer: GrantSigner = {
  address: wallet.address,
  signTypedData: (typedData) => {
    signatures++
    return wallet.signTypedData(typedData)
  },
}
const parts = (at: NetworkFile = network) =>
  ({ network: at, keys, publicClient, nowSeconds: () => now }) satisfies Partial<ClientParts> as unknown as ClientParts

const publicClient = createPublicClient({
  transport: custom(
    { request: ({ params }) => Promise.resolve(answerCall((params as [{ data: Hex }])[0].data)) },
    { retryCount: 0 },
  ),
})

function answerCall(data: Hex): Hex {
  if (!chain.isReachable) throw new Error('nobody there')
  chain.calls++
  const { functionName, args } = decodeFunctionData({ abi: grantRegistryAbi, data })
  if (functionName === 'isRevoked' && args[0].toLowerCase() === wallet.address.toLowerCase()) {
    return encodeFunctionResult({ abi: grantRegistryAbi, functionName, result: chain.revoked.includes(args[1]) })
  }
  if (functionName !== 'epochOf') throw new Error(`the chain was asked for ${functionName}`)
  return encodeFunctionResult({ abi: grantRegistryAbi, functionName, result: chain.epoch })
}

beforeEach(() => {
  now = 1_800_000_000
  signatures = 0
  keys = createMemoryKeyStore()
  chain = { epoch: 0n, revoked: [], isReachable: true, calls: 0 }
})

describe('authorize', () => {
  test('makes a session that its wallet signed for all datasets, to query and nothing else', async () => {
    const made = await authorize(parts(), { signer })
    expect(made).toMatchObject({ account: wallet.address.toLowerCase(), isNew: true })
    const { grant, key } = await requireSession(parts(), made.account)
    const verified = await verifyGrantChain({
      chain: [grant],
      deployment: deploymentOf(network),
      nowSeconds: now,
      dataset,
      ability: abilities.query,
    })
    expect(verified).toMatchObject({ root: made.account, delegateKey: key.publicKey, last: { maxChildren: 0 } })
    expect(grant.grant.permissions).toMatchObject([{ dataset: zeroHash }])
  })

  test('asks the wallet once while the session lasts, whatever the case of the address', async () => {
    const first = await authorize(parts(), { signer })
    const second = await authorize(parts(), { signer: { ...signer, address: wallet.address.toLowerCase() as Hex } })
    expect([first.isNew, second.isNew, signatures]).toEqual([true, false, 1])
    expect(second.expiresAtSeconds).toBe(first.expiresAtSeconds)
  })

  test('renews within the last hour', async () => {
    const { expiresAtSeconds } = await authorize(parts(), { signer })
    now = expiresAtSeconds - 3601
    expect(await authorize(parts(), { signer })).toMatchObject({ isNew: false })
    now = expiresAtSeconds - 3600
    expect(await authorize(parts(), { signer })).toMatchObject({ isNew: true })
  })

  test('never asks for more than 7 days', async () => {
    const { expiresAtSeconds } = await authorize(parts(), { signer, expiresInSeconds: 10 ** 9 })
    expect(expiresAtSeconds).toBe(now + limits.grantSessionSeconds)
  })

  test('makes a session of its own for named datasets', async () => {
    await authorize(parts(), { signer })
    const { account, isNew } = await authorize(parts(), { signer, datasets: [dataset] })
    const { grant } = await requireSession(parts(), account)
    expect([isNew, grant.grant.permissions.map((each) => each.dataset)]).toEqual([true, [dataset]])
  })

  test('keeps nothing when the wallet refuses', async () => {
    const refusing: GrantSigner = { ...signer, signTypedData: () => Promise.reject(new Error('user rejected')) }
    await expect(authorize(parts(), { signer: refusing })).rejects.toThrow('user rejected')
    await expect(requireSession(parts(), wallet.address)).rejects.toMatchObject({ code: 'no-session' })
  })
})

describe('on a network with a registry of ended grants, authorize', () => {
  const authorizeHere = () => authorize(parts(withRegistry), { signer })
  const epochOfStored = async () => (await findSession(parts(withRegistry), wallet.address))?.grant.grant.epoch

  test('makes a session of the present epoch and reuses it while that stands', async () => {
    chain.epoch = 3n
    const first = await authorizeHere()
    expect(await epochOfStored()).toBe(3)
    expect(await authorizeHere()).toEqual({ ...first, isNew: false })
    expect(signatures).toBe(1)
  })

  test('asks the wallet again once the account has ended all its grants', async () => {
    const first = await authorizeHere()
    chain.epoch = 1n
    const second = await authorizeHere()
    expect(second).toMatchObject({ isNew: true })
    expect(second.grantId).not.toBe(first.grantId)
    expect(await epochOfStored()).toBe(1)
    expect(await authorizeHere()).toMatchObject({ grantId: second.grantId, isNew: false })
  })

  test('asks the wallet again once the account has ended this grant, and not for another one', async () => {
    const first = await authorizeHere()
    chain.revoked = [dataset]
    expect(await authorizeHere()).toMatchObject({ grantId: first.grantId, isNew: false })
    chain.revoked = [first.grantId]
    const second = await authorizeHere()
    expect(second).toMatchObject({ isNew: true })
    expect(await authorizeHere()).toMatchObject({ grantId: second.grantId, isNew: false })
  })

  test('signs nothing of a guessed epoch while the chain cannot be asked', async () => {
    chain.isReachable = false
    await expect(authorizeHere()).rejects.toMatchObject({ code: 'chain-unavailable' })
    expect(signatures).toBe(0)
  })

  test('asks no chain where the network has no registry', async () => {
    chain.isReachable = false
    await authorize(parts(), { signer })
    expect(await authorize(parts(), { signer })).toMatchObject({ isNew: false })
    expect(chain.calls).toBe(0)
  })
})

describe('a session is none', () => {
  test('before authorize, for another account, and on another network', async () => {
    await expect(requireSession(parts(), wallet.address)).rejects.toMatchObject({ code: 'no-session' })
    await authorize(parts(), { signer })
    await expect(requireSession(parts(), `0x${'11'.repeat(20)}`)).rejects.toMatchObject({ code: 'no-session' })
    await expect(requireSession(parts(otherNetwork), wallet.address)).rejects.toMatchObject({ code: 'no-session' })
  })

  test('from the second at which it ends', async () => {
    const { account, expiresAtSeconds } = await authorize(parts(), { signer, expiresInSeconds: 100 })
    now = expiresAtSeconds - 1
    await expect(requireSession(parts(), account)).resolves.toMatchObject({ grant: { grant: { root: account } } })
    now = expiresAtSeconds
    await expect(requireSession(parts(), account)).rejects.toMatchObject({ code: 'no-session' })
  })
})

test('who is forgotten has no session, and another account keeps its own', async () => {
  const other = privateKeyToAccount(`0x${'02'.repeat(32)}`)
  const made = await authorize(parts(), { signer })
  const kept = await authorize(parts(), { signer: { address: other.address, signTypedData: other.signTypedData } })
  await forgetSession(parts(), wallet.address)
  await expect(requireSession(parts(), made.account)).rejects.toMatchObject({ code: 'no-session' })
  await expect(requireSession(parts(), kept.account)).resolves.toBeDefined()
})
