/** What subscribing would cost and allow, before anything is signed. */
import { MarketplaceError } from '@enigma/protocol'
import { formatEther, type Hex } from 'viem'
import { describeMissing } from './describe-missing.ts'
import { toChainError } from './explain-revert.ts'
import { rateToPrice } from './period.ts'
import { readBalances } from './read-balances.ts'
import { readDataset } from './read-dataset.ts'
import type { ChainClientParameters } from './types.ts'

const secondsPerDay = 86_400
const defaultAllowedPeriods = 12

/** The choices of one who subscribes. */
export type SubscriptionChoices = {
  dataset: Hex
  /** Highest rate in wei per second, now and for renewals; the present rate when absent. */
  maxRate?: bigint | undefined
  /** Whether anyone may renew at up to `maxRate`; true when absent. */
  autoRenew?: boolean | undefined
  /** Periods of 30 days that the allowance covers with `autoRenew`, this one included; 12 when absent. */
  allowedPeriods?: number | undefined
}

export type PlanSubscriptionParameters = ChainClientParameters & SubscriptionChoices & { account: Hex }

/** Amounts in wei, rates in wei per second. */
export type PlanSubscriptionReturnType = {
  rate: bigint
  maxRate: bigint
  autoRenew: boolean
  /** What subscribing in the latest block would charge: the seconds until `endSeconds` at `rate`. */
  charge: bigint
  /** The UTC midnight at which the first period ends. */
  endSeconds: number
  /** The chain's time in Unix seconds. */
  nowSeconds: number
  /** What the marketplace may take at present. */
  allowance: bigint
  /** The allowance to set first; undefined when the present one covers it. */
  newAllowance: bigint | undefined
}

/** Plans a subscription; throws `dataset-unknown`, `dataset-closed`, `price-above-limit` or `funds-missing`. */
export async function planSubscription(parameters: PlanSubscriptionParameters): Promise<PlanSubscriptionReturnType> {
  const { publicClient, autoRenew = true, allowedPeriods = defaultAllowedPeriods } = parameters
  const [state, balances, block] = await Promise.all([
    readDataset(parameters),
    readBalances(parameters),
    publicClient.getBlock().catch((error: unknown) => {
      throw toChainError(error)
    }),
  ])
  const { rate } = requireOpen(state)
  const maxRate = parameters.maxRate ?? rate
  if (rate > maxRate) throw priceAboveLimit(rate, maxRate)
  const nowSeconds = Number(block.timestamp)
  const endSeconds = (Math.floor(nowSeconds / secondsPerDay) + 30) * secondsPerDay
  const charge = rate * BigInt(endSeconds - nowSeconds)
  if (balances.token < charge) throw fundsMissing(balances.token, charge)
  const wanted = autoRenew ? rateToPrice(maxRate) * BigInt(allowedPeriods) : charge
  const { allowance } = balances
  const newAllowance = allowance < wanted ? allowance + wanted : undefined
  return { rate, maxRate, autoRenew, charge, endSeconds, nowSeconds, allowance, newAllowance }
}

function requireOpen(state: Awaited<ReturnType<typeof readDataset>>) {
  if (state === undefined) {
    throw new MarketplaceError({
      code: 'dataset-unknown',
      message: 'No dataset has this path; check the curator and the name.',
    })
  }
  if (state.closedAtSeconds === 0) return state
  throw new MarketplaceError({
    code: 'dataset-closed',
    message: 'The dataset closed for ever; look for another one.',
  })
}

function priceAboveLimit(rate: bigint, maxRate: bigint): MarketplaceError {
  const [price, limit] = [rate, maxRate].map((value) => `${formatEther(rateToPrice(value))} ENG`)
  return new MarketplaceError({
    code: 'price-above-limit',
    message: `The price is ${price ?? ''} for 30 days, above your limit of ${limit ?? ''}; raise the limit or leave it.`,
  })
}

function fundsMissing(held: bigint, needed: bigint): MarketplaceError {
  return new MarketplaceError({
    code: 'funds-missing',
    message: `${describeMissing({ held, needed, currency: 'ENG' })} and retry.`,
  })
}
