/** What `SubscribePanel` shows of a purchase, and what its buttons do: the same on every page that has one. */
import { refundAt } from '#lib/wallet/refund-at.ts'
import { app } from './app.svelte.ts'
import type { Purchase } from './purchase.svelte.ts'
import { transactions } from './transactions.svelte.ts'
import { wallet } from './wallet.svelte.ts'

/** Props of `SubscribePanel`; read in a template or effect, they follow the state. */
export function panelOf(purchase: Purchase, nowSeconds: number) {
  const { path, terms, subscription, plan, planError, error, transaction, isBusy } = purchase
  return {
    ...{ terms, plan, planError, error, isBusy, nowSeconds },
    subscription: subscription && { ...subscription, refund: refundAt(subscription, nowSeconds) },
    transaction: transaction?.state,
    neededConfirmations: (app.network?.confirmations ?? 0) + 1,
    account: wallet.account,
    otherSubscriber: purchase.otherSubscriber,
    isSettled: wallet.isSettled,
    isWrongChain: wallet.isWrongChain,
    question: wallet.question,
    isDevelopment: app.isDevelopment,
    networkName: app.network?.name ?? '',
    queryHref: `/console?dataset=${path}`,
    onconnect: () => void wallet.openChooser(),
    onswitch: () => void purchase.switchChain(),
    onfund: () => void wallet.fund().then(() => purchase.load()),
    onsubscribe: (choice: { autoRenew: boolean; maxRate: bigint }) => void purchase.subscribe(choice),
    oncancel: () => void purchase.cancel(),
    ontrial: () => void purchase.startTrial(),
    onrenewal: (maxRate: bigint) => void purchase.setRenewalLimit(maxRate),
    onstop: () => transaction && void transactions.stopWaiting(transaction.id),
    onclear: () => transaction && void transactions.clear(transaction.id),
  }
}
