/** `bench gas`: what each operation of the marketplace costs, against our goals, the peers, and from 1 to 10,000. */
import { measureFlatness, type FlatnessGas } from './gas-flatness.ts'
import { startGasMarket } from './gas-market.ts'
import { measureOperations, type OperationGas } from './gas-operations.ts'
import { peerGas, peerNames, peerNotes } from './gas-peers.ts'
import type { Bench, BenchReport, ReportTable } from './report.ts'

/** Goals of DESIGN §4. */
const goals: Readonly<Record<string, number>> = {
  register: 125_000,
  'subscribe, first': 122_000,
  'subscribe, same day': 108_000,
  'subscribe, other day': 108_000,
  'renew, single': 95_000,
  'renew, each of 9': 34_000,
  unsubscribe: 66_000,
  'collect and withdraw': 80_000,
}

/** Bytes of calldata differ from call to call, so equal work differs by a few hundred gas. */
const flatTolerance = 1.01
/** What clearing a storage slot refunds (EIP-3529): the only subscriber of a day empties that day's bucket. */
const emptiedBucketGas = 4800
const defaultSizes = [1, 1000, 10_000]

/** The gas bench; an argument such as `1,100` names other sizes for the flatness. */
export const gasBench: Bench = async ({ arguments: [sizes], onProgress }) => {
  const subscribers = parseSizes(sizes)
  const market = await startGasMarket()
  try {
    onProgress('Measuring every operation')
    const operations = await measureOperations(market)
    const flatness = await measureFlatness({ market, sizes: subscribers, onProgress })
    return toReport(operations, flatness)
  } finally {
    await market.stop()
  }
}

function parseSizes(text: string | undefined): readonly number[] {
  if (text === undefined) return defaultSizes
  const sizes = text.split(',').map(Number)
  if (sizes.every((size) => Number.isSafeInteger(size) && size >= 1 && size <= 100_000)) return sizes
  throw new RangeError(`Sizes are whole numbers from 1 to 100,000 with commas between, not "${text}".`)
}

function toReport(operations: OperationGas, flatness: readonly FlatnessGas[]): BenchReport {
  const missed = Object.entries(goals).filter(([operation, goal]) => (operations[operation] ?? Infinity) > goal)
  const flat = flatRows(flatness)
  return {
    tables: [operationsTable(operations), flatnessTable(flatness, flat)],
    notes: [
      'Whole transactions by gasUsed of their receipts: 3 payees, deposit transfer and unlimited allowances included.',
      'Flatness: the only subscriber that ends on a day empties that day’s bucket, which refunds 4,800 gas; beyond that all sizes cost the same within 1 %.',
      ...peerNotes,
    ],
    figures: { operations, goals, peers: peerGas, flatness },
    isMet: missed.length === 0 && flat.every(({ isFlat }) => isFlat),
  }
}

function operationsTable(operations: OperationGas): ReportTable {
  const rows = Object.entries(operations).map(([operation, gas]) => {
    const goal = goals[operation]
    const peers = peerNames.map((name) => peerGas[operation]?.[name])
    const cheapest = Math.min(...peers.filter((peer) => peer !== undefined))
    const verdict = goal === undefined ? '' : gas <= goal ? '✓' : '✗'
    const ratio = Number.isFinite(cheapest) ? `${(gas / cheapest).toFixed(2)}×` : '–'
    return [operation, format(gas), format(goal), verdict, ...peers.map(format), ratio]
  })
  return {
    title: 'Gas of one transaction',
    head: ['operation', 'ours', 'goal', '', ...peerNames, 'ours / cheapest'],
    rows,
  }
}

type FlatRow = { operation: string; values: number[]; ratio: number; isFlat: boolean }

function flatRows(flatness: readonly FlatnessGas[]): FlatRow[] {
  return Object.keys(flatness[0]?.gas ?? {}).map((operation) => {
    const values = flatness.map(({ gas }) => gas[operation] ?? NaN)
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return { operation, values, ratio: most / least, isFlat: most - emptiedBucketGas <= least * flatTolerance }
  })
}

function flatnessTable(flatness: readonly FlatnessGas[], rows: readonly FlatRow[]): ReportTable {
  return {
    title: 'The same operation at growing numbers of subscribers',
    head: ['operation', ...flatness.map(({ subscribers }) => format(subscribers)), 'most / least', ''],
    rows: rows.map(({ operation, values, ratio, isFlat }) => [
      operation,
      ...values.map(format),
      `${ratio.toFixed(3)}×`,
      isFlat ? '✓' : '✗',
    ]),
  }
}

function format(value: number | undefined): string {
  return value === undefined ? '–' : value.toLocaleString('en-US')
}
