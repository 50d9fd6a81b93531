/** A wallet ends on the network's chain, or its owner reads what to do: whatever the wallet says or does not say. */
import { defineChain } from 'viem'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ensureChain } from './ensure-chain.ts'
import { createWaiting } from './waiting.ts'

const chain = defineChain({
  id: 31337,
  name: 'enigma demo',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: ['http://127.0.0.1:1'] } },
})

type Answers = Partial<Record<string, (at: { chainId: number }) => unknown>>

function walletThat(answers: Answers, at = { chainId: 1 }) {
  const calls: string[] = []
  const listeners = new Set<() => void>()
  const provider = {
    request({ method }: { method: string }): Promise<unknown> {
      if (method === 'eth_chainId') return Promise.resolve(`0x${at.chainId.toString(16)}`)
      calls.push(method)
      return Promise.resolve(answers[method]?.(at))
    },
  }
  const watch = (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const go = (chainId: number) => {
    at.chainId = chainId
    listeners.forEach((listener) => listener())
  }
  const waiting = createWaiting()
  const ensure = () => ensureChain({ provider, chain, watch, wait: waiting.until })
  return { calls, listeners, go, ensure, stop: waiting.stop }
}

const arrive = (at: { chainId: number }) => {
  at.chainId = chain.id
  return null
}
const refuse = (code: number) => () => Promise.reject(Object.assign(new Error('no'), { code }))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('one that is there already is asked nothing', async () => {
  const { ensure, calls } = walletThat({}, { chainId: chain.id })
  await ensure()
  expect(calls).toEqual([])
})

test('one that switches is there', async () => {
  const { ensure, calls, listeners } = walletThat({ wallet_switchEthereumChain: arrive })
  await ensure()
  expect(calls).toEqual(['wallet_switchEthereumChain'])
  expect(listeners.size).toBe(0)
})

test('one that does not know the chain is given it, and asked to switch where adding did not', async () => {
  let isKnown = false
  const { ensure, calls } = walletThat({
    wallet_switchEthereumChain: (at) => (isKnown ? arrive(at) : refuse(4902)()),
    wallet_addEthereumChain: () => (isKnown = true),
  })
  await ensure()
  expect(calls).toEqual(['wallet_switchEthereumChain', 'wallet_addEthereumChain', 'wallet_switchEthereumChain'])
})

test('a refusal is told as it is', async () => {
  const { ensure } = walletThat({ wallet_switchEthereumChain: refuse(4001) })
  await expect(ensure()).rejects.toMatchObject({ code: 4001 })
})

test('one that fails and has switched all the same is there', async () => {
  const { ensure } = walletThat({
    wallet_switchEthereumChain: (at) => {
      arrive(at)
      return refuse(-32603)()
    },
  })
  await ensure()
})

test('one that says yes and stays is named after a moment', async () => {
  const { ensure, listeners } = walletThat({ wallet_switchEthereumChain: () => null })
  const ended = expect(ensure()).rejects.toThrow('still on another network')
  await vi.advanceTimersByTimeAsync(3_000)
  await ended
  expect(listeners.size).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('one that never answers is not waited for without end', async () => {
  const { ensure } = walletThat({ wallet_switchEthereumChain: () => new Promise(() => undefined) })
  const ended = expect(ensure()).rejects.toThrow('has not answered')
  await vi.advanceTimersByTimeAsync(90_000)
  await ended
})

test('one that never answers is left when its reader says so, and nothing of the question stays', async () => {
  const { ensure, stop, calls, listeners } = walletThat({
    wallet_switchEthereumChain: () => new Promise(() => undefined),
  })
  const ended = expect(ensure()).rejects.toThrow('no longer')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(calls).toEqual(['wallet_switchEthereumChain'])
  stop()
  await ended
  expect(listeners.size).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('the owner who switches by hand need not answer', async () => {
  const { ensure, go } = walletThat({ wallet_switchEthereumChain: () => new Promise(() => undefined) })
  const ended = ensure()
  await vi.advanceTimersByTimeAsync(1_000)
  go(chain.id)
  await ended
  expect(vi.getTimerCount()).toBe(0)
})
