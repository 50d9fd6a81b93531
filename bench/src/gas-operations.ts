/** Runs every operation of the marketplace once in a plausible life of one dataset and notes the gas of each. */
import {
  addDeposit,
  bumpGrantEpoch,
  claimRefunds,
  closeDataset,
  collectAndWithdraw,
  collectEarnings,
  renewSubscriptions,
  requestDepositWithdrawal,
  revokeGrant,
  revokeGrants,
  setRenewalLimit,
  startTrial,
  subscribe,
  subscribeWithPermit,
  takeDepositWithdrawal,
  unsubscribe,
  updateDataset,
  withdrawEarnings,
} from '@enigma/chain'
import { keccak256, parseEther, toHex, type Hex } from 'viem'
import { accounts, firstSubscriber, rate, secondsPerDay, type GasMarket } from './gas-market.ts'

/** Gas of whole transactions, by operation; what is called `each of` is a share of one transaction. */
export type OperationGas = Record<string, number>

type Life = { market: GasMarket; dataset: Hex; gas: OperationGas }

const subscriberCount = accounts - firstSubscriber

/** Measures every operation on a dataset of its own. */
export async function measureOperations(market: GasMarket): Promise<OperationGas> {
  await market.register('elsewhere')
  const registered = await market.register('measured')
  const life = { market, dataset: registered.dataset, gas: { register: Number(registered.gasUsed) } }
  await measureArrivals(life)
  await measureCurating(life)
  await measureRenewals(life)
  await measureClosing(life)
  await measureGrants(life)
  return life.gas
}

const subscriberOf = (market: GasMarket, index: number) => market.wallet(firstSubscriber + index)
const addressesOf = (market: GasMarket, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => subscriberOf(market, from + index).account.address)

async function note(life: Life, operation: string, work: Promise<{ gasUsed: bigint }>, share = 1): Promise<void> {
  life.gas[operation] = Math.round(Number((await work).gasUsed) / share)
}

async function measureArrivals(life: Life): Promise<void> {
  const { market, dataset } = life
  const by = (index: number) => ({ ...market.as(subscriberOf(market, index)), dataset })
  await note(life, 'subscribe, first', subscribe(by(0)))
  await note(life, 'subscribe, same day', subscribe(by(1)))
  for (let index = 2; index < subscriberCount - 2; index++) await subscribe(by(index))
  await market.passTo(market.firstDay + 2 * secondsPerDay)
  await note(life, 'subscribe, other day', subscribe(by(subscriberCount - 2)))
  await note(life, 'subscribe with permit', subscribeWithPermit(by(subscriberCount - 1)))
  await note(life, 'start trial', startTrial(by(subscriberCount - 1)))
  await note(life, 'set renewal limit', setRenewalLimit({ ...by(subscriberCount - 1), maxRate: rate * 2n }))
  await market.passTo(market.firstDay + 4 * secondsPerDay)
  await note(life, 'unsubscribe', unsubscribe(by(subscriberCount - 2)))
}

async function measureCurating(life: Life): Promise<void> {
  const { market, dataset } = life
  const curator = { ...market.as(market.curator), dataset, config: market.config }
  await market.passTo(market.firstDay + 10 * secondsPerDay)
  await note(life, 'collect and withdraw, the very first', collectAndWithdraw(curator))
  await market.passTo(market.firstDay + 11 * secondsPerDay)
  await note(life, 'collect and withdraw', collectAndWithdraw(curator))
  await market.passTo(market.firstDay + 12 * secondsPerDay)
  await note(life, 'collect', collectEarnings(curator))
  await note(life, 'withdraw', withdrawEarnings(market.as(market.wallet(2))))
  const config = { ...market.config, metadataHash: keccak256(toHex('manifest 2')) }
  await market.passTo(market.firstDay + 13 * secondsPerDay)
  await note(life, 'update', updateDataset({ ...curator, rate, config, oldConfig: market.config, trialSeconds: 3600 }))
  const amount = parseEther('1')
  await note(life, 'add deposit', addDeposit({ ...curator, amount }))
  const requested = requestDepositWithdrawal({ ...curator, amount })
  await note(life, 'request deposit', requested)
  await market.passTo((await requested).maturesAtSeconds)
  await note(life, 'take deposit', takeDepositWithdrawal(curator))
}

async function measureRenewals(life: Life): Promise<void> {
  const { market, dataset } = life
  const curator = { ...market.as(market.curator), dataset }
  await market.passTo(market.firstDay + 29 * secondsPerDay + 20 * 3600)
  await note(life, 'renew, single', renewAll(curator, addressesOf(market, 0, 1)))
  await note(life, 'renew, each of 9', renewAll(curator, addressesOf(market, 1, 10)), 9)
}

async function renewAll(curator: ReturnType<GasMarket['as']> & { dataset: Hex }, due: readonly Hex[]) {
  const result = await renewSubscriptions({ ...curator, accounts: due })
  if (result.renewed.length !== due.length)
    throw new Error(`Only ${result.renewed.length} of ${due.length} were renewed.`)
  return result
}

async function measureClosing(life: Life): Promise<void> {
  const { market, dataset } = life
  const curator = { ...market.as(market.curator), dataset }
  await note(life, 'close', closeDataset(curator))
  await note(life, 'claim, single', claimRefunds({ ...curator, accounts: addressesOf(market, 0, 1) }))
  await note(life, 'claim, each of 8', claimRefunds({ ...curator, accounts: addressesOf(market, 1, 9) }), 8)
}

async function measureGrants(life: Life): Promise<void> {
  const account = life.market.as(subscriberOf(life.market, 0))
  const idOf = (index: number) => keccak256(toHex(`grant ${index}`))
  await note(life, 'end all grants, the first time', bumpGrantEpoch(account))
  await note(life, 'end all grants, later', bumpGrantEpoch(account))
  await note(life, 'end a grant', revokeGrant({ ...account, grantId: idOf(0) }))
  const grantIds = Array.from({ length: 10 }, (_, index) => idOf(index + 1))
  await note(life, 'end grants, each of 10', revokeGrants({ ...account, grantIds }), 10)
}
