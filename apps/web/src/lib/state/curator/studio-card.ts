/** What the studio's cards show, and what their buttons do. Read in a template, they follow the state. */
import { feeOf, payeeShare } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import { type CuratedDataset, earnedAt, shareBpsOf } from '#lib/curator/curated-dataset.ts'
import { earningsChart, sumPayouts } from '#lib/curator/payouts.ts'
import type { ChartData } from '@enigma/result/chart-data'
import { app } from '../app.svelte.ts'
import { transactions } from '../transactions.svelte.ts'
import { wallet } from '../wallet.svelte.ts'
import { studio } from './studio.svelte.ts'

/** The account's part of what a dataset has earned and nobody collected, in wei. */
export function openShareOf(dataset: CuratedDataset, account: Hex, nowSeconds: number): bigint {
  const earned = earnedAt(dataset, nowSeconds)
  const fee = feeOf(earned, studio.overview?.settings.feeBps ?? 0)
  return payeeShare(payoutsOf(dataset), earned - fee, account)
}

/** What collecting adds to the account's share each second, in wei. */
function shareRateOf(dataset: CuratedDataset, account: Hex): bigint {
  const fee = feeOf(dataset.liveRate, studio.overview?.settings.feeBps ?? 0)
  return payeeShare(payoutsOf(dataset), dataset.liveRate - fee, account)
}

function payoutsOf({ payouts }: CuratedDataset) {
  return payouts.map(({ payee, shareBps }) => ({ payee: payee as Hex, shareBps }))
}

const neededConfirmations = () => (app.network?.confirmations ?? 0) + 1

/** Props of `StudioCard`. */
export function studioCardOf(dataset: CuratedDataset, account: Hex, nowSeconds: number) {
  const state = studio.datasetOf(dataset.path)
  const { settings, credited = 0n, token = 0n, allowance = 0n, chainSeconds = 0 } = studio.overview ?? {}
  const { place, title } = studio.places.get(dataset.path) ?? {}
  const hasShare = shareBpsOf(dataset, account) > 0
  return {
    ...{ dataset, place, title, settings, credited, token, allowance, hasShare, nowSeconds },
    // A block may be ahead of this browser's clock, never far behind it.
    chainSeconds: Math.max(nowSeconds, chainSeconds),
    share: openShareOf(dataset, account, nowSeconds),
    shareRate: shareRateOf(dataset, account),
    shareBps: shareBpsOf(dataset, account),
    health: { found: state.health.health, isChecking: state.health.isChecking, error: state.health.error },
    transaction: state.transaction,
    neededConfirmations: neededConfirmations(),
    isBusy: state.isBusy,
    error: state.error,
    oncollect: () => void state.collect({ hasShare }),
    onprice: (rate: bigint) => void state.changePrice(rate),
    onpayouts: (payouts: readonly { payee: string; shareBps: number }[]) => void state.changePayouts(payouts),
    ondeposit: (amount: bigint) => void state.addDeposit(amount),
    onrequest: (amount: bigint) => void state.requestDeposit(amount),
    onkeep: () => void state.keepDeposit(),
    ontake: () => void state.takeDeposit(),
    onshut: () => void state.close(),
    onclear: () => void state.clear(),
    oncheck: () => void state.health.check(undefined),
  }
}

/** Props of `CreditedPanel`. */
export function creditedPanelOf() {
  const last = studio.withdrawal
  return {
    credited: studio.overview?.credited ?? 0n,
    transaction: last?.state,
    neededConfirmations: neededConfirmations(),
    isBusy: studio.isWithdrawing,
    error: studio.withdrawError,
    onwithdraw: () => void studio.withdraw(),
    onclear: () => last && void transactions.clear(last.id),
  }
}

/** Props of `StudioFacts`. */
export function studioSumsOf(account: Hex, nowSeconds: number) {
  const { datasets = [], credited = 0n, lines = [] } = studio.overview ?? {}
  const open = datasets.reduce((sum, dataset) => sum + openShareOf(dataset, account, nowSeconds), 0n)
  const own = datasets.filter(({ isOwn }) => isOwn)
  return {
    ...{ open, collectable: open + credited, sums: sumPayouts(lines) },
    liveRate: own.reduce((sum, { liveRate }) => sum + liveRate, 0n),
    subscribers: own.reduce((sum, { subscribers }) => sum + subscribers, 0),
  }
}

/** The chart of what was earned, as of when it was read. */
export function studioChartOf(account: Hex): ChartData | undefined {
  const { datasets = [], lines = [], chainSeconds = 0 } = studio.overview ?? {}
  const open = datasets.reduce((sum, dataset) => sum + openShareOf(dataset, account, 0), 0n)
  const startSeconds = Math.min(chainSeconds, ...datasets.map(({ registeredAtSeconds }) => registeredAtSeconds))
  return earningsChart({ lines, open, startSeconds, nowSeconds: chainSeconds })
}

/** Whether the wallet must be brought to the network first. */
export function wrongChain() {
  return {
    isWrongChain: wallet.isWrongChain,
    question: wallet.question,
    networkName: app.network?.name ?? '',
    onswitch: () => void wallet.switchChain(),
  }
}
