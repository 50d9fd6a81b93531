import type { Connection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addressesToDial, dialPeer } from './dial-peer.ts'

const relay = '12D3KooWMbgZDuFndXQbfZMVeEect4yLuUXCprMtR7MHUEC4E9JR'
const ws = multiaddr(`/ip4/1.2.3.4/tcp/1/ws/p2p/${relay}`)
const rtc = multiaddr(
  `/ip4/1.2.3.4/udp/1/webrtc-direct/certhash/uEiAgUddZTUer8HocxuET60-wKNeoYmEnRdlQQ32oYA2VTQ/p2p/${relay}`,
)
const tcp = multiaddr(`/ip4/1.2.3.4/tcp/2/p2p/${relay}`)
const any = { preference: 'any', webrtcOnly: false } as const

/** A host whose dials are answered by the test. */
function fakeHost() {
  const dials: { address: Multiaddr; resolve: (to: Connection) => void; reject: (error: Error) => void }[] = []
  const dial = (address: Multiaddr, { signal }: { signal: AbortSignal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>()
    signal.addEventListener('abort', () => reject(signal.reason as Error))
    dials.push({ address, resolve, reject })
    return promise
  }
  return { dials, host: { dial } }
}

function connection() {
  const abort = vi.fn()
  return { abort, connection: { abort } as unknown as Connection }
}
const never = new AbortController().signal

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('orders by what carries more, and leaves out what cannot be dialled', () => {
  const all = [rtc, ws, tcp]
  expect(addressesToDial(all, any, () => true)).toEqual([[tcp, ws, rtc]])
  expect(addressesToDial(all, any, (address) => address !== tcp)).toEqual([[ws, rtc]])
  expect(addressesToDial(all, { ...any, preference: 'webrtc' }, () => true)).toEqual([[rtc], [tcp, ws]])
  expect(addressesToDial(all, { ...any, preference: 'websocket' }, () => true)).toEqual([[ws], [tcp, rtc]])
  expect(addressesToDial(all, { ...any, webrtcOnly: true }, () => true)).toEqual([[rtc]])
  expect(addressesToDial([ws], { ...any, webrtcOnly: true }, () => true)).toEqual([])
})

test('a hostile record costs a bounded number of dials', () => {
  const many = Array.from({ length: 100 }, (_, at) => multiaddr(`/ip4/1.2.3.4/tcp/${at + 1}/ws/p2p/${relay}`))
  expect(addressesToDial(many, any, () => true).flat()).toHaveLength(8)
})

test('the second address waits for the first to fail or to be slow', async () => {
  const { dials, host } = fakeHost()
  const dialled = dialPeer(host, [[ws, rtc]], never)
  await vi.advanceTimersByTimeAsync(499)
  expect(dials.map(({ address }) => address)).toEqual([ws])
  await vi.advanceTimersByTimeAsync(1)
  expect(dials.map(({ address }) => address)).toEqual([ws, rtc])
  const { connection: winner } = connection()
  dials[1]!.resolve(winner)
  await expect(dialled).resolves.toBe(winner)
})

test('a failure brings the next one at once, and the slower of two winners is dropped', async () => {
  const { dials, host } = fakeHost()
  const dialled = dialPeer(host, [[ws, rtc, tcp]], never)
  await vi.advanceTimersByTimeAsync(0)
  dials[0]!.reject(new Error('refused'))
  await vi.advanceTimersByTimeAsync(0)
  expect(dials).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1_000)
  const [first, second] = [connection(), connection()]
  dials[1]!.resolve(first.connection)
  dials[2]!.resolve(second.connection)
  await expect(dialled).resolves.toBe(first.connection)
  await vi.advanceTimersByTimeAsync(0)
  expect(second.abort).toHaveBeenCalledOnce()
  expect(first.abort).not.toHaveBeenCalled()
})

test('other kinds come once all preferred ones have failed, and every failure is told', async () => {
  const { dials, host } = fakeHost()
  const dialled = dialPeer(host, [[rtc], [ws]], never)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(dials.map(({ address }) => address)).toEqual([rtc])
  dials[0]!.reject(new Error('no'))
  await vi.advanceTimersByTimeAsync(0)
  dials[1]!.reject(new Error('neither'))
  await expect(dialled).rejects.toMatchObject({ errors: [{ message: 'no' }, { message: 'neither' }] })
})

test('ends with the caller, and after ten seconds', async () => {
  const { host } = fakeHost()
  const caller = new AbortController()
  const aborted = dialPeer(host, [[ws]], caller.signal)
  caller.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  await expect(dialPeer(host, [], never)).rejects.toThrow(TypeError)
})
