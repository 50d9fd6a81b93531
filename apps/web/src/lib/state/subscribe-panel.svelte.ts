/** What `SubscribePanel` shows of a purchase, and what its buttons do: the same on every page that has one. */
import { app } from './app.svelte.ts'
import type { Purchase } from './purchase.svelte.ts'
import { wallet } from './wallet.svelte.ts'

/** Props of `SubscribePanel`; read in a template or effect, they follow the state. */
export function panelOf(purchase: Purchase, nowSeconds: number) {
  const { path, terms, subscription, plan, planError, step, outcome, error } = purchase
  return {
    ...{ terms, subscription, plan, planError, step, outcome, error, nowSeconds },
    account: wallet.account,
    isSettled: wallet.isSettled,
    isDevelopment: app.isDevelopment,
    queryHref: `/console?dataset=${path}`,
    onconnect: () => void wallet.openChooser(),
    onfund: () => void wallet.fund().then(() => purchase.load()),
    onsubscribe: (choice: { autoRenew: boolean; maxRate: bigint }) => void purchase.subscribe(choice),
    oncancel: () => void purchase.cancel(),
    ontrial: () => void purchase.startTrial(),
  }
}
