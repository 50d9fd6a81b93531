/**
 * An EIP-6963 wallet for tests: the page sees a provider like any other, the account and the decisions are here, where a
 * test can change them. Transactions are real ones on a real chain.
 */
import type { BrowserContext } from '@playwright/test'
import type { Hex } from '@enigma/protocol'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import type { OwnChain } from './own-chain.ts'

type Handler = (params: readonly unknown[]) => unknown
type SentTransaction = { to?: Hex; data?: Hex; gas?: Hex; value?: Hex; from: Hex }
type Changes = { nonce?: number; tip?: bigint; to?: Hex; data?: Hex; gas?: bigint }

/** An answer of the wallet that is an error of EIP-1193 or JSON-RPC. */
export class WalletRefusal extends Error {
  readonly code: number
  constructor(code: number, message = 'the test wallet refuses') {
    super(message)
    this.code = code
  }
}

export type TestWallet = {
  accounts: readonly [PrivateKeyAccount, PrivateKeyAccount]
  /** Every method that a page asked for, in order. */
  calls: string[]
  /** Answers a method by `handler` from now on; without one, as a wallet that allows everything. */
  answer: (method: string, handler?: Handler) => void
  /** Goes to another account, as its owner would in the wallet's own window. */
  use: (index: 0 | 1) => Promise<void>
  /** Goes to another chain; silently, where the wallet tells no page. */
  setChain: (chainId: number, options?: { isSilent?: boolean }) => Promise<void>
  /** Signs a transaction as asked, without sending it. */
  sign: (transaction: SentTransaction, changes?: Changes) => Promise<Hex>
  send: (raw: Hex) => Promise<Hex>
}

/** Announces a wallet in every page of the context that is opened from now on. */
export async function installWallet(
  context: BrowserContext,
  chain: OwnChain,
  { name = 'Test wallet', first = newAccount() }: { name?: string; first?: PrivateKeyAccount } = {},
): Promise<TestWallet> {
  const accounts = [first, newAccount()] as const
  const handlers = new Map<string, Handler>()
  const state = { index: 0 as 0 | 1, chainId: chain.network.chainId, isAllowed: false }
  const active = () => accounts[state.index]
  const binding = `testWallet${name.replaceAll(/\W/g, '')}`
  const sign = createSigner(chain, active)
  const send = (raw: Hex) => chain.public.sendRawTransaction({ serializedTransaction: raw })
  const defaults = createDefaults({ active, state, sign, send })
  const calls: string[] = []
  const request = async (method: string, params: readonly unknown[]) => {
    calls.push(method)
    try {
      const handler = handlers.get(method) ?? defaults[method]
      const result =
        handler === undefined ? await chain.public.request({ method, params } as never) : await handler(params)
      return { result }
    } catch (error) {
      const { code = -32603, message } = error as { code?: number; message: string }
      return { error: { code, message } }
    }
  }
  await context.exposeFunction(binding, request)
  await context.addInitScript(announce, { binding, name })
  const emit = async (event: 'accountsChanged' | 'chainChanged', value: unknown) => {
    const raise = (raised: { type: string; detail: unknown }) => {
      window.dispatchEvent(new CustomEvent(raised.type, { detail: raised.detail }))
    }
    for (const page of context.pages()) await page.evaluate(raise, { type: `${binding}:${event}`, detail: value })
  }
  return {
    ...{ accounts, calls, sign, send },
    answer(method, handler) {
      if (handler === undefined) handlers.delete(method)
      else handlers.set(method, handler)
    },
    async use(index) {
      state.index = index
      await emit('accountsChanged', [active().address])
    },
    async setChain(chainId, { isSilent = false } = {}) {
      state.chainId = chainId
      if (!isSilent) await emit('chainChanged', `0x${chainId.toString(16)}`)
    },
  }
}

const newAccount = () => privateKeyToAccount(generatePrivateKey())

type Active = () => PrivateKeyAccount

function createSigner(chain: OwnChain, active: Active): TestWallet['sign'] {
  return async ({ to, data, gas }, { tip = 1_000_000_000n, ...changes } = {}) => {
    const account = active()
    const fee = (await chain.public.getBlock()).baseFeePerGas ?? 0n
    const next = await chain.public.getTransactionCount({ address: account.address, blockTag: 'pending' })
    return account.signTransaction({
      ...{
        type: 'eip1559',
        chainId: chain.network.chainId,
        nonce: next,
        maxFeePerGas: fee * 2n + tip,
        maxPriorityFeePerGas: tip,
      },
      ...{ gas: BigInt(gas ?? '0x30d40'), ...(to && { to }), ...(data && { data }), ...changes },
    })
  }
}

type Defaults = { active: Active; state: { chainId: number; isAllowed: boolean } } & Pick<TestWallet, 'sign' | 'send'>

/** A wallet that allows everything, once it was connected. */
function createDefaults({ active, state, sign, send }: Defaults): Record<string, Handler> {
  const allow = () => {
    state.isAllowed = true
    return [active().address]
  }
  return {
    eth_chainId: () => `0x${state.chainId.toString(16)}`,
    eth_accounts: () => (state.isAllowed ? [active().address] : []),
    eth_requestAccounts: allow,
    wallet_requestPermissions: () => [
      { parentCapability: 'eth_accounts', caveats: [{ type: 'restrictReturnedAccounts', value: allow() }] },
    ],
    wallet_revokePermissions() {
      state.isAllowed = false
      return null
    },
    eth_signTypedData_v4: ([, json]) => active().signTypedData(JSON.parse(String(json)) as never),
    eth_sendTransaction: async ([transaction]) => send(await sign(transaction as SentTransaction)),
  }
}

/** Runs in the page: a provider whose answers come from the test. */
function announce({ binding, name }: { binding: string; name: string }): void {
  type Answer = { result?: unknown; error?: { code: number; message: string } }
  type Ask = (method: string, params: readonly unknown[]) => Promise<Answer>
  const listeners = new Map<string, Set<(value: unknown) => void>>()
  const provider = {
    async request({ method, params = [] }: { method: string; params?: readonly unknown[] }) {
      const ask = (window as unknown as Record<string, Ask>)[binding]
      if (ask === undefined) throw new Error('the test wallet has no other end')
      const { result, error } = await ask(method, params)
      if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code })
      return result
    },
    on(event: string, listener: (value: unknown) => void) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener))
    },
    removeListener(event: string, listener: (value: unknown) => void) {
      listeners.get(event)?.delete(listener)
    },
  }
  for (const event of ['accountsChanged', 'chainChanged']) {
    window.addEventListener(`${binding}:${event}`, ({ detail }: CustomEventInit<unknown>) =>
      listeners.get(event)?.forEach((listener) => listener(detail)),
    )
  }
  // A hostile icon: nothing but an image in the page's own data may be loaded.
  const info = { uuid: crypto.randomUUID(), name, icon: 'https://icons.example/spy.png', rdns: `test.${binding}` }
  const say = () => {
    const detail = Object.freeze({ info, provider })
    window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  }
  window.addEventListener('eip6963:requestProvider', say)
  say()
}
