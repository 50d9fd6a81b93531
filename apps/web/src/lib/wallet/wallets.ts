/**
 * The wallets of this browser: EIP-6963 discovery, connection, account and chain, by @wagmi/core; from a connected one a
 * viem `WalletClient` for the verbs of shared/chain. One object for a page, created when it is first needed.
 */
import type { MarketplaceWallet } from '@enigma/chain'
import type { NetworkFile } from '@enigma/protocol'
import {
  connect,
  createConfig,
  createStorage,
  disconnect,
  getConnection,
  getConnectors,
  getWalletClient,
  reconnect,
  switchChain,
  watchConnection,
  watchConnectors,
} from '@wagmi/core'
import { type Chain, defineChain, type Hex, http } from 'viem'
import { announceDevelopmentWallet, type DevelopmentRequest } from './development-wallet.ts'

/** A wallet that announced itself. `icon` is a `data:image` URL or absent: nothing else is shown. */
export type AnnouncedWallet = { id: string; name: string; icon: string | undefined }

export type WalletConnection =
  { status: 'disconnected' | 'connecting' } | { status: 'connected'; account: Hex; chainId: number; walletName: string }

export type Wallets = {
  readonly chain: Chain
  list: () => readonly AnnouncedWallet[]
  connection: () => WalletConnection
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
}

/** Creates the wallets of a network; throws nothing, asks nobody. */
export function createWallets({ network, confirm }: CreateWalletsParameters): Wallets {
  const chain = chainOf(network)
  const rpcUrl = network.rpcUrls[0]
  if (network.faucetUrl !== undefined && rpcUrl !== undefined) {
    announceDevelopmentWallet({ chain, rpcUrl, confirm, storage: localStorage })
  }
  const config = createConfig({
    chains: [chain],
    transports: { [chain.id]: http(rpcUrl) },
    multiInjectedProviderDiscovery: true,
    storage: createStorage({ key: 'enigma-wallet', storage: localStorage }),
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
      if (status === 'connected') {
        return { status, account: address.toLowerCase() as Hex, chainId, walletName: connector.name }
      }
      return { status: status === 'disconnected' ? 'disconnected' : 'connecting' }
    },
    async connect(id) {
      await connect(config, { connector: connectorOf(id) })
    },
    disconnect: () => disconnect(config),
    async switchChain() {
      await switchChain(config, { chainId: chain.id })
    },
    client: async () => await getWalletClient(config, { chainId: chain.id }),
    async reconnect() {
      await reconnect(config)
    },
    subscribe(listener) {
      const stops = [watchConnection(config, { onChange: listener }), watchConnectors(config, { onChange: listener })]
      return () => stops.forEach((stop) => stop())
    },
  }
}

/** An icon comes from the wallet, which may be anybody: only an image in the page's own data is shown. */
function imageOnly(icon: string | undefined): string | undefined {
  return icon !== undefined && /^data:image\/(svg\+xml|png|jpeg|webp|gif)[;,]/.test(icon.trim())
    ? icon.trim()
    : undefined
}

function chainOf({ chainId, name, rpcUrls }: NetworkFile): Chain {
  return defineChain({
    id: chainId,
    name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: rpcUrls } },
  })
}
