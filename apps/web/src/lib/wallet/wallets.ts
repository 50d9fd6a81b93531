/**
 * The wallets of this browser: EIP-6963 discovery, connection, account and chain, by @wagmi/core; from a connected one a
 * viem `WalletClient` for the verbs of shared/chain. One object for a page, created when it is first needed.
 */
import type { MarketplaceWallet } from '@enigma/chain'
import { MarketplaceError, type NetworkFile } from '@enigma/protocol'
import {
  type Config,
  connect,
  createConfig,
  createStorage,
  disconnect,
  getConnection,
  getConnectors,
  getWalletClient,
  reconnect,
  watchConnection,
  watchConnectors,
} from '@wagmi/core'
import { type Chain, defineChain, type Hex, http } from 'viem'
import { type ChainProvider, ensureChain } from './ensure-chain.ts'
import { walletStorageKey } from './had-wallet.ts'
import { announceDevelopmentWallet, type DevelopmentRequest } from './development-wallet.ts'

/** A wallet that announced itself. `icon` is a `data:image` URL or absent: nothing else is shown. */
export type AnnouncedWallet = { id: string; name: string; icon: string | undefined }

export type WalletConnection =
  { status: 'disconnected' | 'connecting' } | { status: 'connected'; account: Hex; chainId: number; walletName: string }

export type Wallets = {
  readonly chain: Chain
  list: () => readonly AnnouncedWallet[]
  connection: () => WalletConnection
  /** The account that the wallet is at now; undefined while none is connected. */
  account: () => Hex | undefined
  connect: (id: string) => Promise<void>
  disconnect: () => Promise<void>
  /** Brings the wallet to the network's chain, adding it where the wallet does not know it. */
  switchChain: () => Promise<void>
  /** The connected wallet on the network's chain. */
  client: () => Promise<MarketplaceWallet>
  /** Takes up the wallet of the last visit, without asking anybody. */
  reconnect: () => Promise<void>
  /** Told of every change of the list or the connection. */
  subscribe: (listener: () => void) => () => void
}

export type CreateWalletsParameters = {
  network: NetworkFile
  /** Asks the owner of the development wallet; it exists on networks with a faucet only. */
  confirm: (request: DevelopmentRequest) => Promise<boolean>
  /** Stands between the question for the network and its answer, and may end it. */
  wait: (answer: Promise<void>) => Promise<void>
}

/** Creates the wallets of a network; throws nothing, asks nobody. */
export function createWallets({ network, confirm, wait }: CreateWalletsParameters): Wallets {
  const chain = chainOf(network)
  const rpcUrl = network.rpcUrls[0]
  if (network.faucetUrl !== undefined && rpcUrl !== undefined) {
    announceDevelopmentWallet({ chain, rpcUrl, confirm, storage: localStorage })
  }
  const config = createConfig({
    chains: [chain],
    transports: { [chain.id]: http(rpcUrl) },
    multiInjectedProviderDiscovery: true,
    storage: createStorage({ key: walletStorageKey, storage: localStorage }),
  })
  const connectorOf = (id: string) => {
    const connector = getConnectors(config).find(({ uid }) => uid === id)
    if (connector === undefined) throw new TypeError('this wallet is not there any more')
    return connector
  }
  return {
    chain,
    list: () => getConnectors(config).map(({ uid, name, icon }) => ({ id: uid, name, icon: imageOnly(icon) })),
    connection() {
      const { status, address, chainId, connector } = getConnection(config)
      // A wallet that was locked meanwhile stays connected and shares no account.
      if (status === 'connected' && (address as Hex | undefined) !== undefined) {
        return { status, account: address.toLowerCase() as Hex, chainId, walletName: connector.name }
      }
      const isUnderWay = status === 'connecting' || status === 'reconnecting'
      return { status: isUnderWay ? 'connecting' : 'disconnected' }
    },
    account: () => getConnection(config).address?.toLowerCase() as Hex | undefined,
    async connect(id) {
      const connector = connectorOf(id)
      const { accounts } = await connect(config, { connector })
      if (accounts.length > 0) return
      await disconnect(config, { connector })
      throw noAccount()
    },
    disconnect: () => disconnect(config),
    switchChain: () => bringToChain(config, chain, wait),
    client: async () => await getWalletClient(config, { chainId: chain.id }),
    async reconnect() {
      const last = await config.storage?.getItem('recentConnectorId')
      const connector = getConnectors(config).find((each) => each.id === last)
      // No other one: whoever chose a wallet does not want to act with another unasked.
      if (connector !== undefined) await reconnect(config, { connectors: [connector] })
    },
    subscribe(listener) {
      const stops = [watchConnection(config, { onChange: listener }), watchConnectors(config, { onChange: listener })]
      return () => stops.forEach((stop) => stop())
    },
  }
}

type Wait = CreateWalletsParameters['wait']

async function bringToChain(config: Config, chain: Chain, wait: Wait): Promise<void> {
  const { connector } = getConnection(config)
  if (connector === undefined) throw new MarketplaceError({ code: 'aborted', message: 'Connect a wallet first.' })
  const provider = (await connector.getProvider()) as ChainProvider
  await ensureChain({ provider, chain, wait, watch: (listener) => watchConnection(config, { onChange: listener }) })
  // Some wallets switch without saying so; wagmi takes the chain from what it is told.
  if (getConnection(config).chainId !== chain.id) connector.emitter.emit('change', { chainId: chain.id })
}

/** An icon comes from the wallet, which may be anybody: only an image in the page's own data is shown. */
function imageOnly(icon: string | undefined): string | undefined {
  return icon !== undefined && /^data:image\/(svg\+xml|png|jpeg|webp|gif)[;,]/.test(icon.trim())
    ? icon.trim()
    : undefined
}

function noAccount(): MarketplaceError {
  const message = 'Your wallet shares no account with this site: unlock it, choose an account in it and connect again.'
  return new MarketplaceError({ code: 'aborted', message })
}

function chainOf({ chainId, name, rpcUrls }: NetworkFile): Chain {
  return defineChain({
    id: chainId,
    name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: rpcUrls } },
  })
}
