/** A dataset as its curator, or a payee, sees it: the chain's values as they were read. Pure; structural on purpose. */

/** Amounts in wei, rates in wei per second, times in Unix seconds, shares in basis points. */
export type CuratedDataset = {
  path: string
  curator: string
  name: string
  registeredAtSeconds: number
  /** The connected account listed it; otherwise it is a payee. */
  isOwn: boolean
  rate: bigint
  liveRate: bigint
  subscribers: number
  deposit: bigint
  /** Zero while it is open. */
  closedAtSeconds: number
  /** Of all payees, the fee included, as of `readAtSeconds`. */
  earned: bigint
  readAtSeconds: number
  trialSeconds: number
  payouts: readonly { payee: string; shareBps: number }[]
  rankInputs: RankInputs
  /** With 18 decimals; zero when it is closed. */
  rank: bigint
  withdrawal: DepositWithdrawal | undefined
}

export type RankInputs = {
  subscribers: bigint
  monthlyRevenue: bigint
  referencePrice: bigint
  deposit: bigint
  churn: bigint
}

export type DepositWithdrawal = { amount: bigint; maturesAtSeconds: number; lapsesAtSeconds: number }

/** What a deployment fixed. */
export type StudioSettings = { minRate: bigint; feeBps: number; disputeWindowSeconds: number }

export const monthSeconds = 2_592_000n

/** What the dataset has earned at a second and nobody collected; it grows by `liveRate` while subscriptions run. */
export function earnedAt({ earned, liveRate, readAtSeconds }: CuratedDataset, nowSeconds: number): bigint {
  return earned + liveRate * BigInt(Math.max(0, nowSeconds - readAtSeconds))
}

/** The account's part of a dataset in basis points, of what is left after the fee. */
export function shareBpsOf({ payouts }: Pick<CuratedDataset, 'payouts'>, account: string): number {
  return payouts.reduce((sum, { payee, shareBps }) => (payee === account ? sum + shareBps : sum), 0)
}

/** The contract sells nothing that the deposit would not cover for so long. */
const coverSeconds = 6n * 86_400n

export type DepositCover = {
  /** Whole days of all running subscriptions; undefined while none runs. */
  days: bigint | undefined
  /** Subscribers at the present price that the deposit still has room for. */
  room: bigint
  /** What must stay so that the running subscriptions stay covered for six days. */
  least: bigint
  /** Less than this, a month of revenue, lowers the rank. */
  full: bigint
}

/** What a deposit covers at the present price. */
export function depositCover(dataset: Pick<CuratedDataset, 'deposit' | 'liveRate' | 'rate'>): DepositCover {
  const { deposit, liveRate, rate } = dataset
  const sold = deposit / coverSeconds
  return {
    days: liveRate === 0n ? undefined : deposit / (liveRate * 86_400n),
    room: rate === 0n || sold <= liveRate ? 0n : (sold - liveRate) / rate,
    least: liveRate * coverSeconds,
    full: liveRate * monthSeconds,
  }
}

export type WithdrawalState = 'waiting' | 'ready' | 'lapsed'

/** Where a withdrawal of deposit stands. */
export function withdrawalState(withdrawal: DepositWithdrawal, nowSeconds: number): WithdrawalState {
  if (nowSeconds < withdrawal.maturesAtSeconds) return 'waiting'
  return nowSeconds < withdrawal.lapsesAtSeconds ? 'ready' : 'lapsed'
}
