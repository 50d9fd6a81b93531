import { expect, test } from 'vitest'
import { checkNetworkAnchor, networkAnchor } from './network-anchor.ts'
import type { NetworkFile } from './network-file.ts'

const file: NetworkFile = {
  ...{ v: 1, name: 'local', chainId: 31337, token: `0x${'1'.repeat(40)}`, marketplace: `0x${'2'.repeat(40)}` },
  ...{ deploymentBlock: 3, rpcUrls: ['https://one.example', 'https://two.example'], confirmations: 0 },
  ...{ relays: ['/ip4/127.0.0.1/tcp/4001/ws'], referencePriceWei: '1' },
}

test('the anchor of a file stays what it is: tags on other people’s pages hold it', async () => {
  expect(await networkAnchor(file)).toBe('sha256-Q09Js+hbz2yDYCaLyIsmUw2hRalxwkoSZxfZlXx3Xoc=')
})

test('relays, name and reference price may change', async () => {
  const anchor = await networkAnchor(file)
  const moved = { ...file, relays: [], name: 'other', referencePriceWei: '2' }
  await expect(checkNetworkAnchor(moved, anchor)).resolves.toBeUndefined()
})

test.each<[string, Partial<NetworkFile>]>([
  ['chain', { chainId: 1 }],
  ['token', { token: `0x${'3'.repeat(40)}` }],
  ['marketplace', { marketplace: `0x${'3'.repeat(40)}` }],
  ['registry', { grantRegistry: `0x${'3'.repeat(40)}` }],
  ['first block', { deploymentBlock: 4 }],
  ['RPC nodes', { rpcUrls: ['https://evil.example'] }],
  ['order of the RPC nodes', { rpcUrls: file.rpcUrls.toReversed() }],
  ['joined RPC nodes', { rpcUrls: [file.rpcUrls.join('')] }],
  ['confirmations', { confirmations: 1 }],
  ['faucet', { faucetUrl: 'https://evil.example' }],
])('another %s is refused', async (_what, change) => {
  const anchor = await networkAnchor(file)
  await expect(checkNetworkAnchor({ ...file, ...change }, anchor)).rejects.toMatchObject({ code: 'setting-invalid' })
})

test.each(['', 'sha256-', 'sha384-x', 'null'])('"%s" is no anchor of anything', async (anchor) => {
  await expect(checkNetworkAnchor(file, anchor)).rejects.toMatchObject({ code: 'setting-invalid' })
})
