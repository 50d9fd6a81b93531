/** What the connected account subscribes to and what it has paid, from the chain's events and present state. */
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import {
  type HistoryLine,
  planRenewals,
  type Renewal,
  type Spend,
  sumSpend,
  toHistoryLine,
} from '#lib/wallet/account-money.ts'
import { Purchase } from './purchase.svelte.ts'
import { transactions } from './transactions.svelte.ts'
import { wallet } from './wallet.svelte.ts'

/** Lines that are shown, newest first: anybody may try to renew for somebody, and each try leaves an event. */
const shownLines = 200

class SubscriptionsState {
  /** One for each dataset that the account ever subscribed to, the last one first. */
  purchases = $state.raw<readonly Purchase[]>()
  history = $state.raw<readonly HistoryLine[]>()
  spend = $state.raw<Spend>()
  #held = $state.raw<{ token: bigint; allowance: bigint }>()
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
      const money = await wallet.money()
      const [{ events, paths }, held] = await Promise.all([money.history(account), money.balances(account)])
      if (this.#account !== account) return
      const named = events.flatMap((event) => {
        const path = 'id' in event.args ? paths.get(event.args.id) : undefined
        return path === undefined ? [] : [{ event, path }]
      })
      const subscribed = named.filter(({ event }) => event.name === 'Subscribed' || event.name === 'TrialStarted')
      const wanted = [...new Set(subscribed.map(({ path }) => path).toReversed())]
      const purchases = wanted.map((path) => new Purchase(path))
      const newest = named.toReversed().slice(0, shownLines)
      const [times] = await Promise.all([
        money.times(newest.map(({ event }) => event.blockNumber)),
        ...purchases.map((purchase) => purchase.load()),
      ])
      if (this.#account !== account) return
      this.purchases = purchases
      this.#held = held
      this.history = newest.flatMap(({ event, path }) => toHistoryLine(event, path, times.get(event.blockNumber)) ?? [])
      this.spend = sumSpend(named.flatMap(({ event, path }) => toHistoryLine(event, path) ?? []))
    } catch (error) {
      this.error = await wallet.explain(error)
    }
  }

  /** What happens next to those that run. */
  renewals(nowSeconds: number): Renewal[] {
    if (this.#held === undefined) return []
    return planRenewals({ subscriptions: this.purchases ?? [], held: this.#held, nowSeconds })
  }

  /** What the running subscriptions cost in 30 days, in wei per second. */
  get monthlyRate(): bigint {
    const now = Math.floor(Date.now() / 1000)
    const running = (this.purchases ?? []).filter(({ subscription }) => (subscription?.endSeconds ?? 0) > now)
    return running.reduce((sum, { subscription }) => sum + (subscription?.rate ?? 0n), 0n)
  }
}

export const subscriptions = new SubscriptionsState()
