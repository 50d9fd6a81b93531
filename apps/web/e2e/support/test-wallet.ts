/**
 * An EIP-6963 wallet for tests: the page sees a provider like any other, the account and the decisions are here, where a
 * test can change them. Transactions are real ones on the network's real chain.
 */
import type { Page } from '@playwright/test'
import { createPublicClient, createTestClient, createWalletClient, defineChain, type Hex, http, keccak256 } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

export type Network = { chainId: number; rpcUrl: string; faucetUrl: string; marketplace: Hex; token: Hex }
type Handler = (params: readonly unknown[]) => unknown
type SentTransaction = { to?: Hex; data?: Hex; gas?: Hex; value?: Hex; from: Hex }

/** An answer of the wallet that is an error of EIP-1193 or JSON-RPC. */
export class WalletRefusal extends Error {
  readonly code: number
  constructor(code: number, message = 'the test wallet refuses') {
    super(message)
    this.code = code
  }
}

export type TestWallet = {
  accounts: readonly PrivateKeyAccount[]
  network: Network
  /** Every method that the page asked for, in order. */
  calls: string[]
  /** Answers a method by `handler` from now on; without one, as a wallet that allows everything. */
  answer: (method: string, handler?: Handler) => void
  /** Raises an event of EIP-1193 in the page. */
  emit: (event: 'accountsChanged' | 'chainChanged', value: unknown) => Promise<void>
  use: (index: number) => Promise<void>
  setChain: (chainId: number) => Promise<void>
  /** Signs a transaction as asked, without sending it. */
  sign: (transaction: SentTransaction, changes?: { tip?: bigint; to?: Hex; data?: Hex; gas?: bigint }) => Promise<Hex>
  send: (raw: Hex) => Promise<Hex>
  hashOf: (raw: Hex) => Hex
  chain: ReturnType<typeof createChainClients>
}

/** The network of the demo that the tests run against. */
export async function readNetwork(page: Page): Promise<Network> {
  const file = (await (await page.request.get('/enigma-network.json')).json()) as Network & { rpcUrls: string[] }
  const [rpcUrl] = file.rpcUrls
  if (rpcUrl === undefined) throw new Error('the network names no RPC')
  return { ...file, rpcUrl }
}

/** Announces a wallet in every page of the context that is opened from now on. */
export async function installWallet(page: Page, { name = 'Test wallet' } = {}): Promise<TestWallet> {
  const network = await readNetwork(page)
  const accounts = [0, 1].map(() => privateKeyToAccount(generatePrivateKey()))
  const chain = createChainClients(network)
  const handlers = new Map<string, Handler>()
  const state = { index: 0, chainId: network.chainId }
  const active = () => {
    const account = accounts[state.index]
    if (account === undefined) throw new RangeError('no such account')
    return account
  }
  const binding = `testWallet${name.replaceAll(/\W/g, '')}`
  const sign = createSigner(network, chain, active)
  const send = (raw: Hex) => chain.public.sendRawTransaction({ serializedTransaction: raw })
  const defaults = createDefaults({ active, chainId: () => state.chainId, sign, send })
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
  await page.exposeFunction(binding, request)
  await page.addInitScript(announce, { binding, name })
  const emit: TestWallet['emit'] = (event, value) =>
    page.evaluate(
      ({ binding: prefix, event: raised, value: detail }) => {
        window.dispatchEvent(new CustomEvent(`${prefix}:${raised}`, { detail }))
      },
      { binding, event, value },
    )
  return {
    ...{ accounts, network, calls, emit, sign, send, chain, hashOf: keccak256 },
    answer(method, handler) {
      if (handler === undefined) handlers.delete(method)
      else handlers.set(method, handler)
    },
    async use(index) {
      state.index = index
      await emit('accountsChanged', [active().address])
    },
    async setChain(chainId) {
      state.chainId = chainId
      await emit('chainChanged', `0x${chainId.toString(16)}`)
    },
  }
}

type Active = () => PrivateKeyAccount
type ChainClients = ReturnType<typeof createChainClients>

function createSigner({ chainId }: Network, chain: ChainClients, active: Active): TestWallet['sign'] {
  return async ({ to, data, gas }, { tip = 1_000_000_000n, ...changes } = {}) => {
    const account = active()
    const fee = (await chain.public.getBlock()).baseFeePerGas ?? 0n
    const nonce = await chain.public.getTransactionCount({ address: account.address, blockTag: 'pending' })
    return account.signTransaction({
      ...{ type: 'eip1559', chainId, nonce, maxFeePerGas: fee * 2n + tip, maxPriorityFeePerGas: tip },
      ...{ gas: BigInt(gas ?? '0x30d40'), ...(to && { to }), ...(data && { data }), ...changes },
    })
  }
}

type Defaults = { active: Active; chainId: () => number } & Pick<TestWallet, 'sign' | 'send'>

/** A wallet that allows everything. */
function createDefaults({ active, chainId, sign, send }: Defaults): Record<string, Handler> {
  return {
    eth_chainId: () => `0x${chainId().toString(16)}`,
    eth_accounts: () => [active().address],
    eth_requestAccounts: () => [active().address],
    wallet_requestPermissions: () => [
      { parentCapability: 'eth_accounts', caveats: [{ type: 'restrictReturnedAccounts', value: [active().address] }] },
    ],
    wallet_revokePermissions: () => null,
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

function createChainClients({ rpcUrl, chainId }: Network) {
  const chain = defineChain({
    id: chainId,
    name: 'demo',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const options = { chain, transport: http(rpcUrl), cacheTime: 0, pollingInterval: 100 } as const
  return {
    public: createPublicClient(options),
    test: createTestClient({ ...options, mode: 'anvil' }),
    wallet: (account: PrivateKeyAccount) => createWalletClient({ ...options, account }),
  }
}
