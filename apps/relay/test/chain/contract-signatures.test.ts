/** Signatures of smart accounts (ERC-1271) against real code on a development chain, and nodes that fail. */
import { createChainReader, verifyContractSignature } from '@enigma/chain'
import { codeOf } from '@enigma/testing'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { type Hex, keccak256, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createContractSignatures } from '../../src/chain-mirror/contract-signatures.ts'

const digest = keccak256(toHex('a grant'))
const signature: Hex = `0x${'5a'.repeat(97)}`
const addressOf = (name: string): Hex => `0x${keccak256(toHex(name)).slice(-40)}`

/** Returns one word whatever it is asked: PUSH32 word, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN. */
const answers = (word: string): Hex => `0x7f${word}5f5260205ff3`
const magic = '1626ba7e'.padEnd(64, '0')
/**
 * Says yes to this one digest and signature: the hash of what it is called with is compared with one in its code.
 * CALLDATASIZE, PUSH0, PUSH0, CALLDATACOPY, CALLDATASIZE, PUSH0, KECCAK256, PUSH32 hash, EQ, PUSH1 47, JUMPI, PUSH0,
 * PUSH0, REVERT, JUMPDEST, then as above.
 */
const signs = (calldata: Hex): Hex => {
  const test = `365f5f37365f207f${keccak256(calldata).slice(2)}14602f575f5ffd5b`
  return `0x${test}${answers(magic).slice(2)}`
}

let market: TestMarketplace
beforeAll(async () => {
  market = await startMarketplace()
  const length = (97).toString(16).padStart(64, '0')
  const calldata: Hex = `0x1626ba7e${digest.slice(2)}${'40'.padStart(64, '0')}${length}${signature.slice(2).padEnd(256, '0')}`
  const codes: Record<string, Hex> = {
    signs: signs(calldata),
    refuses: '0x5f5ffd',
    no: answers('ffffffff'.padEnd(64, '0')),
    dirty: answers(`1626ba7e${'11'.repeat(28)}`),
    short: '0x631626ba7e60e01b5f5260045ff3',
    endless: '0x5b5f56',
  }
  for (const [name, bytecode] of Object.entries(codes)) {
    await market.testClient.setCode({ address: addressOf(name), bytecode })
  }
})
afterAll(() => market.stop())

const ask = (name: string, change: { digest?: Hex; signature?: Hex } = {}) =>
  verifyContractSignature({
    ...{ publicClient: market.publicClient, account: addressOf(name), digest, signature },
    ...change,
  })

test('an account signs what its code says, and nothing else', async () => {
  expect(await ask('signs')).toBe(true)
  expect(await ask('signs', { digest: keccak256(digest) })).toBe(false)
  expect(await ask('signs', { signature: `0x${'5b'.repeat(97)}` })).toBe(false)
})

test.each(['no code at all', 'refuses', 'no', 'dirty', 'short', 'endless'])(
  'one that %s signs nothing',
  async (name) => {
    expect(await ask(name)).toBe(false)
  },
)

test('by a page’s own reader it is the same', async () => {
  const publicClient = createChainReader({ rpcUrls: [market.anvil.rpcUrl] })
  for (const [name, isValid] of [
    ['signs', true],
    ['refuses', false],
  ] as const) {
    expect(await verifyContractSignature({ publicClient, account: addressOf(name), digest, signature })).toBe(isValid)
  }
})

test('a node of the chain that fails is no refusal', async () => {
  const publicClient = createChainReader({ rpcUrls: ['http://127.0.0.1:1'] })
  const asked = verifyContractSignature({ publicClient, account: addressOf('signs'), digest, signature })
  expect(await codeOf(asked)).toBe('chain-unavailable')
})

test('answers are believed for a minute, failures not at all, and one account is asked a few times at once', async () => {
  const clock = { ms: 0 }
  const open: (() => void)[] = []
  let isBroken = true
  const request = () => {
    if (isBroken) return Promise.reject(new Error('broken'))
    return new Promise((resolve) => open.push(() => resolve(`0x${magic}`)))
  }
  const verify = createContractSignatures({ publicClient: { request } as never, nowMs: () => clock.ms })
  const asked = (index: number) => verify({ account: addressOf('signs'), digest, signature: `0x${'00'.repeat(index)}` })
  expect(await codeOf(asked(1))).toBe('chain-unavailable')
  isBroken = false
  const first = [1, 2, 3, 4].map(asked)
  expect(await codeOf(asked(5))).toBe('busy')
  for (const end of open.splice(0)) end()
  expect(await Promise.all(first)).toEqual([true, true, true, true])
  expect(await asked(1)).toBe(true)
  expect(open).toEqual([])
  clock.ms = 60_000
  const again = asked(1)
  expect(open).toHaveLength(1)
  open[0]?.()
  expect(await again).toBe(true)
})
