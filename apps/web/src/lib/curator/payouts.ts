/** What an account was credited and paid, as lines, sums, rows of a file and a line that grows. */
import { formatEngNumber } from '#lib/format/eng.ts'
import type { ChartData, ChartPoint } from '@enigma/result/chart-data'
import type { RowSource } from '@enigma/result/result-set'

/** `amount` in wei, always positive; `path` undefined where it is of no one dataset. */
export type PayoutLine = {
  key: string
  kind: 'share' | 'tips' | 'withdrawal'
  path: string | undefined
  amount: bigint
  block: number
  /** Unix seconds; undefined where the block was not read. */
  atSeconds: number | undefined
  transactionHash: string
}

export const payoutTexts: Record<PayoutLine['kind'], string> = {
  share: 'Earnings credited',
  tips: 'Credited for renewing',
  withdrawal: 'Paid to your account',
}

/** In wei. */
export type PayoutSums = { credited: bigint; paid: bigint }

export function sumPayouts(lines: readonly PayoutLine[]): PayoutSums {
  const sums: PayoutSums = { credited: 0n, paid: 0n }
  for (const { kind, amount } of lines) {
    if (kind === 'withdrawal') sums.paid += amount
    else sums.credited += amount
  }
  return sums
}

/** The lines as a table that can be exported; amounts in full. */
export function payoutRows(lines: readonly PayoutLine[]): RowSource {
  const columns = [
    { name: 'time', type: 'timestamp' },
    { name: 'what', type: 'text' },
    { name: 'dataset', type: 'text' },
    { name: 'amount_eng', type: 'decimal(38,18)' },
    { name: 'block', type: 'bigint' },
    { name: 'transaction', type: 'text' },
  ]
  return {
    columns,
    rowCount: lines.length,
    value(row, column) {
      const line = lines[row]
      if (line === undefined) return null
      const { atSeconds, kind, path = null, amount, block, transactionHash } = line
      const time = atSeconds === undefined ? null : BigInt(atSeconds) * 1_000_000n
      return [time, payoutTexts[kind], path, amount, BigInt(block), transactionHash][column] ?? null
    },
  }
}

const weiPerEng = 1e18
const toEng = (wei: bigint) => Number(wei) / weiPerEng

export type EarningsChartParameters = {
  /** The oldest first. */
  lines: readonly PayoutLine[]
  /** What can still be collected, in wei. */
  open: bigint
  startSeconds: number
  nowSeconds: number
}

/** What was earned until each moment, and what of it was paid; undefined where nothing was earned yet. */
export function earningsChart(parameters: EarningsChartParameters): ChartData | undefined {
  const { lines, open, nowSeconds } = parameters
  const timed = lines.filter((line) => line.atSeconds !== undefined)
  const startSeconds = Math.min(parameters.startSeconds, timed[0]?.atSeconds ?? nowSeconds, nowSeconds - 1)
  const earned = runningSum(
    timed.filter(({ kind }) => kind !== 'withdrawal'),
    startSeconds,
  )
  const paid = steps(
    timed.filter(({ kind }) => kind === 'withdrawal'),
    startSeconds,
  )
  const total = (earned.at(-1)?.y ?? 0) + toEng(open)
  if (total === 0) return undefined
  const end = Math.max(nowSeconds, timed.at(-1)?.atSeconds ?? 0) * 1000
  const paidTotal = paid.at(-1)?.y ?? 0
  return {
    ...{ kind: 'line', xKind: 'time', xName: 'Time', yName: 'ENG', categories: [], notes: [] },
    series: [
      { name: 'Earned', points: [...earned, { x: end, y: total }] },
      { name: 'Paid to you', points: [...paid, { x: end, y: paidTotal }] },
    ],
    xDomain: [startSeconds * 1000, end],
    yDomain: [0, total],
  }
}

/** From one collection to the next, earnings grow all the time: straight lines between. */
function runningSum(lines: readonly PayoutLine[], startSeconds: number): ChartPoint[] {
  let sum = 0n
  const points = lines.map(({ amount, atSeconds = startSeconds }) => {
    sum += amount
    return { x: atSeconds * 1000, y: toEng(sum) }
  })
  return [{ x: startSeconds * 1000, y: 0 }, ...points]
}

/** What is paid is paid at once: steps. */
function steps(lines: readonly PayoutLine[], startSeconds: number): ChartPoint[] {
  let sum = 0n
  const points = lines.flatMap(({ amount, atSeconds = startSeconds }) => {
    const before = { x: atSeconds * 1000, y: toEng(sum) }
    sum += amount
    return [before, { x: atSeconds * 1000, y: toEng(sum) }]
  })
  return [{ x: startSeconds * 1000, y: 0 }, ...points]
}

/** An amount of a line with its sign: what was paid out leaves what is credited. */
export function signedAmount({ kind, amount }: Pick<PayoutLine, 'kind' | 'amount'>): string {
  return `${kind === 'withdrawal' ? '−' : '+'}${formatEngNumber(amount, { digits: 6 })} ENG`
}
