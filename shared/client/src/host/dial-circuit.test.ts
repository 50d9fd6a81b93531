import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { circuitOf, readHopMessage } from './dial-circuit.ts'

const relay = '12D3KooWMbgZDuFndXQbfZMVeEect4yLuUXCprMtR7MHUEC4E9JR'
const node = '12D3KooWEqLEAZrvUWRxkSNmAwpGN4SzbixLEaaJzEw97hZxY9x8'

test('a circuit has a relay and a peer behind it', () => {
  const circuit = circuitOf(multiaddr(`/ip4/1.2.3.4/tcp/1/ws/p2p/${relay}/p2p-circuit/p2p/${node}`))
  expect(circuit?.relay.toString()).toBe(`/ip4/1.2.3.4/tcp/1/ws/p2p/${relay}`)
  expect(circuit?.peerId.toString()).toBe(node)
  expect(circuitOf(multiaddr(`/ip4/1.2.3.4/tcp/1/ws/p2p/${relay}`))).toBeUndefined()
})

test('reads the status with its limits, as the specification encodes them', () => {
  // type: STATUS, limit: { duration: 120, data: 131072 }, status: OK
  const message = Uint8Array.of(0x08, 2, 0x22, 6, 0x08, 120, 0x10, 0x80, 0x80, 0x08, 0x28, 100)
  expect(readHopMessage(message)).toEqual({ type: 2, status: 100, limits: { seconds: 120, bytes: 131_072n } })
  expect(readHopMessage(Uint8Array.of(0x08, 2, 0x28, 0xc9, 0x01))).toEqual({ type: 2, status: 201, limits: undefined })
})

test('whatever a relay sends, it is read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        const { status } = readHopMessage(bytes)
        expect(status === undefined || Number.isInteger(status)).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
    { numRuns: 5000 },
  )
})
