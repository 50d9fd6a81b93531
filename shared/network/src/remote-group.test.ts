import { expect, test } from 'vitest'
import { remoteGroup } from './remote-group.ts'

test.each([
  ['/ip4/192.0.2.7/tcp/4001', '/ip4/192.0.2.7/udp/9/webrtc-direct', true],
  ['/ip4/192.0.2.7/tcp/4001', '/ip4/192.0.2.8/tcp/4001', false],
  ['/ip6/2001:db8:1:2::7/tcp/4001', '/ip6/2001:db8:1:2:ffff::1/tcp/1', true],
  ['/ip6/2001:db8:1:2::7/tcp/4001', '/ip6/2001:db8:1:3::7/tcp/4001', false],
  ['/ip6/2001:db8::7/tcp/4001', '/ip6/2001:db8:0:0:1::/tcp/1', true],
  ['/ip6/::ffff:192.0.2.7/tcp/4001', '/ip6/::ffff:192.0.2.8/tcp/4001', false],
  ['/dns4/one.example/tcp/1', '/dns4/two.example/tcp/1', false],
])('%s and %s share a limit: %s', (one, two, isSame) => {
  expect(remoteGroup(one) === remoteGroup(two)).toBe(isSame)
})
