/**
 * A wallet for development networks, so that no extension is needed: an account in this browser's storage, announced by
 * EIP-6963 like any other wallet, that asks before each connection, signature and transaction. For play money only.
 */
import { type Chain, createWalletClient, type Hex, http, isHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { once } from '#lib/format/once.ts'

/** What the wallet asks its owner about. */
export type DevelopmentRequest =
  | { kind: 'connect'; account: Hex }
  | { kind: 'sign'; account: Hex; title: string; details: string }
  | { kind: 'send'; account: Hex; to: Hex | undefined; data: Hex }

export type CreateDevelopmentWalletParameters = {
  chain: Chain
  rpcUrl: string
  /** Asks the owner; false refuses. */
  confirm: (request: DevelopmentRequest) => Promise<boolean>
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
}

type RequestArguments = { method: string; params?: readonly unknown[] }
type Listener = (value: unknown) => void
/** The part of EIP-1193 that wallets are used by. */
export type Eip1193Provider = {
  request: (request: RequestArguments) => Promise<unknown>
  on: (event: string, listener: Listener) => void
  removeListener: (event: string, listener: Listener) => void
}

const keyName = 'enigma-development-key'
const connectedName = 'enigma-development-connected'
const icon =
  'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"%3E%3Crect width="32" height="32" rx="8" fill="%23b4570b"/%3E%3Cpath d="M8 11h16v11H8zM8 14h16M19 18h2" stroke="%23fff" stroke-width="2" fill="none"/%3E%3C/svg%3E'

/** An EIP-1193 error; the codes are the wallet standard's. */
class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Announces the wallet now and whenever a page asks who is there; returns how to stop. */
export function announceDevelopmentWallet(parameters: CreateDevelopmentWalletParameters): () => void {
  const info = { uuid: crypto.randomUUID(), name: 'Development wallet', icon, rdns: 'development.enigma' }
  const detail = Object.freeze({ info, provider: createProvider(parameters) })
  const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  window.addEventListener('eip6963:requestProvider', announce)
  announce()
  return () => window.removeEventListener('eip6963:requestProvider', announce)
}

function createProvider(parameters: CreateDevelopmentWalletParameters): Eip1193Provider {
  const { chain, rpcUrl, storage } = parameters
  // Made when it is first asked for: who never connects it does not wait for its key.
  const account = once(() => openAccount(storage))
  const client = once(() => createWalletClient({ account: account(), chain, transport: http(rpcUrl) }))
  const owner = createOwner(parameters, account)
  const chainIdHex = `0x${chain.id.toString(16)}`
  const listeners = new Map<string, Set<Listener>>()
  return {
    on: (event, listener) => void listeners.set(event, (listeners.get(event) ?? new Set()).add(listener)),
    removeListener: (event, listener) => void listeners.get(event)?.delete(listener),
    async request({ method, params = [] }) {
      switch (method) {
        case 'eth_chainId':
          return chainIdHex
        case 'eth_accounts':
          return storage.getItem(connectedName) === null ? [] : [account().address]
        case 'eth_requestAccounts':
        case 'wallet_requestPermissions': {
          await owner.connect()
          if (method === 'eth_requestAccounts') return [account().address]
          const caveats = [{ type: 'restrictReturnedAccounts', value: [account().address] }]
          return [{ parentCapability: 'eth_accounts', caveats }]
        }
        case 'wallet_revokePermissions':
          storage.removeItem(connectedName)
          return null
        case 'wallet_switchEthereumChain':
          if ((params[0] as { chainId: string }).chainId === chainIdHex) return null
          throw new ProviderError(4902, 'The development wallet knows its own network only.')
        case 'eth_signTypedData_v4':
          return owner.signTypedData(String(params[1]))
        case 'personal_sign':
          return owner.signMessage(String(params[0]))
        case 'eth_sendTransaction':
          return client().sendTransaction(await owner.allowTransaction(params[0] as Transaction))
        default:
          return client().request({ method, params } as never)
      }
    },
  }
}

type LocalAccount = ReturnType<typeof privateKeyToAccount>
type Transaction = { to?: Hex; data?: Hex; gas?: Hex; value?: Hex }

/** What only the owner may allow. */
function createOwner({ confirm, storage }: CreateDevelopmentWalletParameters, account: () => LocalAccount) {
  const ask = async (request: DevelopmentRequest) => {
    if (!(await confirm(request))) throw new ProviderError(4001, 'You refused in the development wallet.')
  }
  return {
    async connect() {
      if (storage.getItem(connectedName) !== null) return
      await ask({ kind: 'connect', account: account().address })
      storage.setItem(connectedName, 'yes')
    },
    async signTypedData(json: string) {
      const typed = JSON.parse(json) as Parameters<LocalAccount['signTypedData']>[0]
      await ask({ kind: 'sign', account: account().address, title: typed.primaryType, details: json })
      return account().signTypedData(typed)
    },
    async signMessage(message: string) {
      await ask({ kind: 'sign', account: account().address, title: 'a message', details: message })
      return account().signMessage({ message: isHex(message) ? { raw: message } : message })
    },
    async allowTransaction({ to, data = '0x', gas, value }: Transaction) {
      await ask({ kind: 'send', account: account().address, to, data })
      return { data, ...(to && { to }), ...(gas && { gas: BigInt(gas) }), ...(value && { value: BigInt(value) }) }
    },
  }
}

/** The account of this browser, made at the first use. */
function openAccount(storage: CreateDevelopmentWalletParameters['storage']): LocalAccount {
  const stored = storage.getItem(keyName)
  const key = isHex(stored) ? stored : generatePrivateKey()
  storage.setItem(keyName, key)
  return privateKeyToAccount(key)
}
