import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { isPublicAddress } from '@enigma/client/node/public-address'
import { readBody } from './read-body.ts'
import { sendRequest } from './send-request.ts'

describe('sendRequest', () => {
  it('connects to the checked address and names the declared host', async () => {
    await using server = createServer((request, response) => response.end(request.headers.host))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const url = new URL(`http://name-that-no-dns-knows.invalid:${port}/`)
    const target = { url, connectUrl: url, address: '127.0.0.1' }
    const { signal } = new AbortController()
    const response = await sendRequest({ target, method: 'GET', headers: {}, body: undefined }, signal)
    expect((await readBody({ response, maxBytes: 100, signal })).toString()).toBe(url.host)
  })
})

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00::1'])('%s is', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  )

  it.each([
    ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1'],
    ...[
      '172.31.255.255',
      '192.0.0.8',
      '192.0.2.1',
      '192.168.1.1',
      '198.18.0.1',
      '203.0.113.1',
      '224.0.0.1',
      '255.255.255.255',
    ],
    ...[
      '::',
      '::1',
      '::ffff:8.8.8.8',
      '::8.8.8.8',
      '64:ff9b::808:808',
      '100::1',
      '2001::1',
      '2001:db8::1',
      '2002:808:808::1',
    ],
    ...['fc00::1', 'fd12::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', 'localhost', '', '127.1'],
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false))
})
