/**
 * Brings a wallet to a chain (EIP-3326), adding it where the wallet does not know it (EIP-3085). What counts is where the
 * wallet is afterwards: some fail and have switched, some say yes and have not, some never answer.
 */
import { MarketplaceError } from '@enigma/protocol'
import type { Chain } from 'viem'

/** The part of EIP-1193 that is needed here. */
export type ChainProvider = { request: (request: { method: string; params?: readonly unknown[] }) => Promise<unknown> }

export type EnsureChainParameters = {
  provider: ChainProvider
  chain: Chain
  /** Calls back whenever the wallet says that something changed; returns how to stop. */
  watch: (listener: () => void) => () => void
  /** Stands between the question and its answer, and may end it. */
  wait?: (answer: Promise<void>) => Promise<void>
  /** How long its owner may take to answer. */
  answerMs?: number
  /** How long a wallet that said yes may take to be there. */
  settleMs?: number
}

const unknownChain = 4902
const lookEveryMs = 250

/** Resolves when the wallet is on the chain; throws what the wallet said, or `aborted` with what to do by hand. */
export async function ensureChain(parameters: EnsureChainParameters): Promise<void> {
  const {
    provider,
    chain,
    watch,
    wait = (answer: Promise<void>) => answer,
    answerMs = 90_000,
    settleMs = 3_000,
  } = parameters
  const isThere = async () => Number(await provider.request({ method: 'eth_chainId' })) === chain.id
  if (await isThere()) return
  const end = new AbortController()
  const asked = ask(provider, chain, isThere).then(() => untilThere({ isThere, settleMs, signal: end.signal }))
  // By hand it may get there while the question is still open.
  const arrived = new Promise<void>((resolve, reject) => {
    const stop = watch(() => void isThere().then((is) => is && resolve(), reject))
    end.signal.addEventListener('abort', stop)
  })
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(unanswered(chain)), answerMs)
    end.signal.addEventListener('abort', () => clearTimeout(timer))
  })
  const open = { isAnswered: false }
  const answer = Promise.race([asked, arrived, late]).finally(() => (open.isAnswered = true))
  try {
    await wait(answer)
  } catch (error) {
    // Who waits no longer is not kept by a wallet that answers nothing.
    if (!open.isAnswered || !(await isThere())) throw error
  } finally {
    end.abort()
    // What loses the race may still fail later, when nobody asks any more.
    asked.catch(() => undefined)
  }
  if (!(await isThere())) throw elsewhere(chain)
}

async function ask(provider: ChainProvider, chain: Chain, isThere: () => Promise<boolean>): Promise<void> {
  const chainId = `0x${chain.id.toString(16)}`
  const switchTo = () => provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId }] })
  try {
    await switchTo()
  } catch (error) {
    if (!isUnknownChain(error)) throw error
    const { name: chainName, nativeCurrency, rpcUrls } = chain
    const added = { chainId, chainName, nativeCurrency, rpcUrls: rpcUrls.default.http }
    await provider.request({ method: 'wallet_addEthereumChain', params: [added] })
    if (!(await isThere())) await switchTo()
  }
}

/** Wallets on phones wrap the code in an error of their own. */
function isUnknownChain(error: unknown): boolean {
  type Coded = { code?: unknown; data?: { originalError?: { code?: unknown } } }
  const { code, data } = (error ?? {}) as Coded
  return code === unknownChain || data?.originalError?.code === unknownChain
}

type UntilThere = { isThere: () => Promise<boolean>; settleMs: number; signal: AbortSignal }

/** A wallet that said yes needs a moment, and may not tell when it is there. */
async function untilThere({ isThere, settleMs, signal }: UntilThere): Promise<void> {
  for (let waitedMs = 0; waitedMs < settleMs && !signal.aborted; waitedMs += lookEveryMs) {
    if (await isThere()) return
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}

function unanswered({ name }: Chain): MarketplaceError {
  const message = `Your wallet has not answered. Open it and answer there, or choose “${name}” in it yourself; then try again.`
  return new MarketplaceError({ code: 'aborted', message })
}

function elsewhere({ name }: Chain): MarketplaceError {
  const message = `Your wallet said yes and is still on another network. Choose “${name}” in the wallet yourself, then try again.`
  return new MarketplaceError({ code: 'aborted', message })
}
