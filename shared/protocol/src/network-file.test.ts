import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MarketplaceError } from './errors.ts'
import { type NetworkFile, parseNetworkFile } from './network-file.ts'

const file: NetworkFile = {
  v: 1,
  name: 'local',
  chainId: 31337,
  token: `0x${'1'.repeat(40)}`,
  marketplace: `0x${'2'.repeat(40)}`,
  deploymentBlock: 3,
  rpcUrls: ['http://127.0.0.1:8545'],
  relays: ['/ip4/127.0.0.1/tcp/4001/ws'],
  referencePriceWei: '1000000000000000000',
  confirmations: 0,
}

/** One wrong value for every field, so that a new field needs one. */
const wrong: Record<keyof NetworkFile, unknown> = {
  v: 2,
  name: 'a\u0000b',
  chainId: -1,
  token: '0x1',
  marketplace: `0x${'A'.repeat(40)}`,
  deploymentBlock: 1.5,
  rpcUrls: [],
  relays: [7],
  referencePriceWei: '1e18',
  confirmations: 1001,
  faucetUrl: 'not a url',
  grantRegistry: 7,
}

describe('the network file', () => {
  test('comes back from its JSON', () => {
    expect(parseNetworkFile(JSON.stringify(file))).toEqual(file)
    const faucet = { ...file, faucetUrl: 'http://127.0.0.1:1/' }
    expect(parseNetworkFile(JSON.stringify(faucet))).toEqual(faucet)
    const registry: NetworkFile = { ...file, grantRegistry: `0x${'3'.repeat(40)}` }
    expect(parseNetworkFile(JSON.stringify(registry))).toEqual(registry)
  })

  test.each(Object.entries(wrong))('names a wrong %s', (field, value) => {
    expect(() => parseNetworkFile(JSON.stringify({ ...file, [field]: value }))).toThrow(
      expect.objectContaining({ code: 'setting-invalid', details: expect.stringContaining(field) as string }),
    )
  })

  test.each(Object.keys(file))('names a missing %s', (field) => {
    const rest = Object.fromEntries(Object.entries(file).filter(([key]) => key !== field))
    expect(() => parseNetworkFile(JSON.stringify(rest))).toThrow(
      expect.objectContaining({ details: expect.stringContaining(field) as string }),
    )
  })

  test('refuses any other text by code', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parseNetworkFile(text)).toThrow(MarketplaceError)
      }),
    )
  })
})
