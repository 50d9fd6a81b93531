/** What the connected account subscribes to and what it has paid, from the chain's events and present state. */
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import { Purchase } from './purchase.svelte.ts'
import { transactions } from './transactions.svelte.ts'
import { wallet } from './wallet.svelte.ts'

/** One line of the history; `amount` in wei, negative where it was paid. */
export type HistoryLine = {
  key: string
  path: string
  text: string
  amount: bigint | undefined
  block: number
  transactionHash: Hex
}

class SubscriptionsState {
  /** One for each dataset that the account ever subscribed to, the last one first. */
  purchases = $state.raw<readonly Purchase[]>()
  history = $state.raw<readonly HistoryLine[]>()
  error = $state.raw<ShownError>()
  #account: Hex | undefined

  /** Reads the account's subscriptions; what was shown for another account is dropped at once. */
  async load(account: Hex | undefined): Promise<void> {
    transactions.track()
    if (account !== this.#account) {
      this.purchases = undefined
      this.history = undefined
    }
    this.#account = account
    this.error = undefined
    if (account === undefined) return
    try {
      const { money } = await wallet.parts()
      const { events, paths } = await money.history(account)
      if (this.#account !== account) return
      const named = events.flatMap((event) => {
        const path = 'id' in event.args ? paths.get(event.args.id) : undefined
        return path === undefined ? [] : [{ event, path }]
      })
      const subscribed = named.filter(({ event }) => event.name === 'Subscribed' || event.name === 'TrialStarted')
      const wanted = [...new Set(subscribed.map(({ path }) => path).toReversed())]
      const purchases = wanted.map((path) => new Purchase(path))
      await Promise.all(purchases.map((purchase) => purchase.load()))
      if (this.#account !== account) return
      this.purchases = purchases
      this.history = named.toReversed().flatMap(({ event, path }) => toLine(event, path))
    } catch (error) {
      this.error = await wallet.explain(error)
    }
  }

  /** What the running subscriptions cost in 30 days, in wei per second. */
  get monthlyRate(): bigint {
    const now = Math.floor(Date.now() / 1000)
    const running = (this.purchases ?? []).filter(({ subscription }) => (subscription?.endSeconds ?? 0) > now)
    return running.reduce((sum, { subscription }) => sum + (subscription?.rate ?? 0n), 0n)
  }
}

export const subscriptions = new SubscriptionsState()

type Event = Awaited<ReturnType<Awaited<ReturnType<typeof wallet.parts>>['money']['history']>>['events'][number]

function toLine(event: Event, path: string): HistoryLine[] {
  const { transactionHash, blockNumber: block, logIndex } = event
  const line = (text: string, amount?: bigint): HistoryLine[] => [
    { key: `${transactionHash}-${logIndex}`, path, text, amount, block, transactionHash },
  ]
  switch (event.name) {
    case 'Subscribed': {
      const { rate, start, end } = event.args
      return line('Subscribed', -(rate * BigInt(end - start)))
    }
    case 'Renewed':
      return line('Renewed for 30 days', -(event.args.rate * 2_592_000n + event.args.tip))
    case 'RenewalSkipped':
      return line('A renewal was skipped')
    case 'Unsubscribed':
      return line('Cancelled', event.args.refund)
    case 'RefundClaimed':
      return line('Refund of a closed dataset', event.args.refund)
    case 'TrialStarted':
      return line('Trial started')
    case 'RenewalLimitChanged':
      return line(event.args.maxRate === 0n ? 'Renewal switched off' : 'Renewal limit changed')
    default:
      return []
  }
}
