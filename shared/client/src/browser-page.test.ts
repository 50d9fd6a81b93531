import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { createPageParts } from './browser-page.ts'

afterEach(() => vi.unstubAllGlobals())

test.each([
  ['dials public addresses alone on any other chain', { network: { chainId: 8453 } }, false],
  ['dials its own machine on the development chain', { network: { chainId: 31_337 } }, true],
  ['dials its own machine where it is told so', { network: { chainId: 8453 }, allowPrivateAddresses: true }, true],
  ['dials none where it is told so', { network: { chainId: 31_337 }, allowPrivateAddresses: false }, false],
])('a page %s', (_, parameters, isDialled) => {
  vi.stubGlobal('location', { protocol: 'http:' })
  const { canDial } = createPageParts(parameters)
  expect(canDial?.(multiaddr('/ip4/192.168.1.9/tcp/4002/ws'))).toBe(isDialled)
  expect(canDial?.(multiaddr('/ip4/198.51.100.7/tcp/4002/ws'))).toBe(true)
})
