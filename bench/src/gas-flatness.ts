/** Whether an operation costs the same however many subscribers a dataset has. */
import {
  collectAndWithdraw,
  marketplaceAbi,
  readDataset,
  renewSubscriptions,
  subscribe,
  unsubscribe,
} from '@enigma/chain'
import { encodeAbiParameters, encodeFunctionData, keccak256, maxUint256, pad, toHex, type Hex } from 'viem'
import { firstSubscriber, rate, secondsPerDay, type GasMarket } from './gas-market.ts'

/** Storage slots of OpenZeppelin's ERC20, which hold the crowd's balances and allowances. */
const balancesSlot = 0n
const allowancesSlot = 1n
/** The crowd arrives over this many days, so that its endings fill that many buckets. */
const arrivalDays = 28
const parallelRequests = 200

export type FlatnessGas = { subscribers: number; gas: Record<string, number> }

type Crowd = { subscribers: number; dataset: Hex }

/** Measures subscribe, unsubscribe, collect and renew on datasets of different sizes at the same times. */
export async function measureFlatness(parameters: {
  market: GasMarket
  sizes: readonly number[]
  onProgress: (text: string) => void
}): Promise<FlatnessGas[]> {
  const { market, sizes, onProgress } = parameters
  const crowds: Crowd[] = []
  for (const subscribers of sizes) {
    const { dataset } = await market.register(`crowd_${subscribers}`)
    crowds.push({ subscribers, dataset })
  }
  const firstDay = (Math.floor((await nowSeconds(market)) / secondsPerDay) + 1) * secondsPerDay + 3600
  await market.passTo(firstDay)
  // The one whose renewal is measured comes first and is the first to end, so that all the others are still there.
  for (const { dataset } of crowds) await subscribe({ ...measured(market), dataset })
  await gather({ market, crowds, firstDay, onProgress })
  for (const crowd of crowds) await requireCount(market, crowd)
  const results = crowds.map(({ subscribers }): FlatnessGas => ({ subscribers, gas: {} }))
  await measureComings({ market, crowds, results, firstDay })
  await measureRenewal({ market, crowds, results, firstDay })
  return results
}

type Measuring = { market: GasMarket; crowds: readonly Crowd[]; results: readonly FlatnessGas[]; firstDay: number }

async function measureComings({ market, crowds, results, firstDay }: Measuring): Promise<void> {
  const curator = { ...market.as(market.curator), config: market.config }
  const visitor = market.as(market.wallet(firstSubscriber + 1))
  const hours = (count: number) => market.passTo(firstDay + arrivalDays * secondsPerDay + count * 3600)
  const measure = async (operation: string, work: (dataset: Hex) => Promise<{ gasUsed: bigint }>) => {
    for (const [index, { dataset }] of crowds.entries()) {
      const gas = results[index]?.gas ?? {}
      gas[operation] = Number((await work(dataset)).gasUsed)
    }
  }
  // What happens within one second differs from what takes longer, so an hour passes before each operation.
  await hours(0)
  for (const { dataset } of crowds) await collectAndWithdraw({ ...curator, dataset })
  await hours(1)
  await measure('subscribe', (dataset) => subscribe({ ...visitor, dataset }))
  await hours(2)
  await measure('unsubscribe', (dataset) => unsubscribe({ ...visitor, dataset }))
  await hours(3)
  await measure('collect and withdraw', (dataset) => collectAndWithdraw({ ...curator, dataset }))
}

async function measureRenewal({ market, crowds, results, firstDay }: Measuring): Promise<void> {
  const curator = market.as(market.curator)
  const due = [measured(market).walletClient.account.address]
  await market.passTo(firstDay + 29 * secondsPerDay + 20 * 3600)
  for (const [index, { dataset }] of crowds.entries()) {
    const { renewed, gasUsed } = await renewSubscriptions({ ...curator, dataset, accounts: due })
    if (renewed.length !== 1) throw new Error('The measured subscription was not renewed.')
    const gas = results[index]?.gas ?? {}
    gas['renew, single'] = Number(gasUsed)
  }
}

const measured = (market: GasMarket) => market.as(market.wallet(firstSubscriber))
const nowSeconds = async (market: GasMarket) => Number((await market.publicClient.getBlock()).timestamp)

async function requireCount({ publicClient, deployment }: GasMarket, { dataset, subscribers }: Crowd): Promise<void> {
  const state = await readDataset({ publicClient, deployment, dataset })
  if (state?.subscribers === subscribers) return
  throw new Error(`The dataset has ${String(state?.subscribers)} subscribers, not ${subscribers}.`)
}

type Gathering = { market: GasMarket; crowds: readonly Crowd[]; firstDay: number; onProgress: (text: string) => void }

/** Lets the crowds subscribe by real transactions of impersonated accounts, a day's arrivals in one block. */
async function gather({ market, crowds, firstDay, onProgress }: Gathering): Promise<void> {
  const largest = Math.max(...crowds.map(({ subscribers }) => subscribers)) - 1
  const people = Array.from({ length: largest }, (_, index) => personOf(index))
  onProgress(`Giving ENG to ${largest} accounts`)
  await inParallel(people, (person) => enrich(market, person))
  await market.testClient.setAutomine(false)
  for (let day = 0; day < arrivalDays; day++) {
    const arrivals = crowds.flatMap(({ dataset, subscribers }) =>
      people
        .slice(0, subscribers - 1)
        .filter((_, index) => index % arrivalDays === day)
        .map((from) => ({ from, dataset })),
    )
    await inParallel(arrivals, ({ from, dataset }) => sendSubscribe(market, from, dataset))
    await market.passTo(firstDay + day * secondsPerDay + 3600)
    onProgress(`Day ${day + 1} of ${arrivalDays}: ${arrivals.length} subscriptions`)
  }
  await market.testClient.setAutomine(true)
}

function personOf(index: number): Hex {
  return `0x${keccak256(toHex(`person ${index}`)).slice(-40)}`
}

/** Writes balance and allowance where the token keeps them; subscribing itself is not shortened. */
async function enrich({ testClient, deployment }: GasMarket, person: Hex): Promise<void> {
  const allowances = slotOf(person, allowancesSlot)
  const value = toHex(maxUint256)
  const allowance = keccak256(
    encodeAbiParameters([{ type: 'address' }, { type: 'bytes32' }], [deployment.marketplace, allowances]),
  )
  const balance = pad(toHex(rate * 2_592_000n * 4n))
  await testClient.setStorageAt({ address: deployment.token, index: slotOf(person, balancesSlot), value: balance })
  await testClient.setStorageAt({ address: deployment.token, index: allowance, value })
}

function slotOf(account: Hex, slot: bigint): Hex {
  return keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [account, slot]))
}

async function sendSubscribe({ publicClient, deployment }: GasMarket, from: Hex, dataset: Hex): Promise<void> {
  const data = encodeFunctionData({ abi: marketplaceAbi, functionName: 'subscribe', args: [dataset, rate, false] })
  const transaction = { from, to: deployment.marketplace, data, gas: toHex(200_000), gasPrice: '0x0' } as const
  await publicClient.request({ method: 'eth_sendTransaction', params: [transaction] } as never)
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += parallelRequests) {
    await Promise.all(items.slice(start, start + parallelRequests).map(work))
  }
}
