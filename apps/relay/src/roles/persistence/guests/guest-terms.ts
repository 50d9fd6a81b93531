/** On which terms a node serves datasets that its operator did not accept by name, and what speaks against one. */
import { priceToRate, rateToPrice } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import { formatEther, parseEther } from 'viem'
import type { Settings } from '../../../config.ts'

/** `minRate` in wei per second, `minDeposit` in wei, `shareBps` of the payouts for `payee`. */
export type GuestTerms = {
  curators: 'nobody' | 'anyone' | readonly Hex[]
  maxDatasets: number
  maxDatasetsPerCurator: number
  maxBytes: number
  maxRows: number
  maxUnpackedBytes: number
  keepSnapshots: number
  minRate: bigint
  minDeposit: bigint
  shareBps: number
  payee: Hex
}

/** What the chain says of a dataset that counts here. */
export type GuestListing = {
  dataset: Hex
  curator: Hex
  rate: bigint
  deposit: bigint
  payouts: readonly { payee: Hex; shareBps: number }[]
  registeredBlock: number
}

/** The terms of the node's settings; `signer` is paid where they name nobody. */
export function guestTermsOf(settings: Settings['persistence']['accepts'], signer: Hex): GuestTerms {
  const { minPriceEng, minDepositEng, sharePercent, payee = signer, ...limits } = settings
  return {
    ...limits,
    minRate: priceToRate(parseEther(minPriceEng)),
    minDeposit: parseEther(minDepositEng),
    shareBps: Math.round(sharePercent * 100),
    payee: payee.toLowerCase() as Hex,
  }
}

/** Whether the node takes datasets of this curator at all. */
export function takesCurator({ curators }: GuestTerms, curator: Hex): boolean {
  return typeof curators === 'string' ? curators === 'anyone' : curators.includes(curator)
}

/** What the dataset lacks, as a sentence that says what to do; undefined when it meets the terms. */
export function unmetTerm(terms: GuestTerms, { curator, rate, deposit, payouts }: GuestListing): string | undefined {
  const { minRate, minDeposit, shareBps, payee } = terms
  if (!takesCurator(terms, curator)) return 'This node does not take datasets of this curator; choose another node.'
  if (rate < minRate)
    return `This node asks for a price of at least ${eng(rateToPrice(minRate))} for 30 days; raise it.`
  if (deposit < minDeposit) return `This node asks for a deposit of at least ${eng(minDeposit)}; add to it.`
  const paid = payouts.filter((each) => each.payee === payee).reduce((sum, each) => sum + each.shareBps, 0)
  if (paid < shareBps) return `This node asks that ${shareBps / 100} % of the payouts go to ${payee}; change them.`
  return undefined
}

function eng(wei: bigint): string {
  return `${formatEther(wei)} ENG`
}
