/**
 * The keeper: renews subscriptions in their last day for those who allowed it (DESIGN §4). The curator's node is the
 * keeper of first resort: it renews before the window in which others earn a tip.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type MarketplaceWallet, renewSubscriptions, type ContractDeployment } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import type { PublicClient } from 'viem'
import type { ChainMirror } from '../chain-mirror/chain-mirror.ts'

/** Renewals of one transaction; each costs up to 34,000 gas. */
const batchSize = 50
const intervalMs = 60_000
/** A subscriber who could not pay is asked again after this, not in every round. */
const retryMs = 3_600_000

export type KeeperParts = {
  mirror: Pick<ChainMirror, 'datasets' | 'dueRenewals'>
  publicClient: PublicClient
  walletClient: MarketplaceWallet
  deployment: ContractDeployment
  /** Only the datasets of these curators. */
  curators: readonly Hex[]
  nowMs: () => number
  onRenewed: (result: { dataset: Hex; renewed: number; skipped: number }) => void
  onError: (error: unknown) => void
}

/** Starts the rounds; returns how to end them. */
export function startKeeper(parts: KeeperParts): { stop: () => Promise<void> } {
  const end = new AbortController()
  const triedAtMs = new Map<string, number>()
  const running = keep(parts, triedAtMs, end.signal)
  return {
    async stop() {
      end.abort()
      await running
    },
  }
}

async function keep(parts: KeeperParts, triedAtMs: Map<string, number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await keepOnce(parts, triedAtMs).catch(parts.onError)
    await pause(signal)
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(intervalMs, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** One round over the curators' open datasets. */
export async function keepOnce(parts: KeeperParts, triedAtMs: Map<string, number>): Promise<void> {
  const { mirror, curators, nowMs, onRenewed } = parts
  for (const { dataset, curator, closedAt } of mirror.datasets()) {
    if (closedAt !== 0 || !curators.includes(curator)) continue
    const isDue = (account: Hex) => nowMs() - (triedAtMs.get(`${dataset} ${account}`) ?? -retryMs) >= retryMs
    const due = mirror.dueRenewals(dataset).filter(isDue)
    for (let at = 0; at < due.length; at += batchSize) {
      const accounts = due.slice(at, at + batchSize)
      for (const account of accounts) triedAtMs.set(`${dataset} ${account}`, nowMs())
      const { renewed, skipped } = await renewSubscriptions({ ...parts, dataset, accounts })
      onRenewed({ dataset, renewed: renewed.length, skipped: skipped.length })
    }
  }
}
