/** What happened on chain, in words. */
import { formatEng, formatMonthlyPrice } from '#lib/format/eng.ts'
import { formatDate } from '#lib/format/time.ts'

type Args = Readonly<Record<string, unknown>>

/** What happened, who did it, and the amount in wei, as far as the event says. */
export type DescribedEvent = { text: string; account: string | undefined }

const texts: Record<string, (args: Args) => string> = {
  DatasetRegistered: ({ rate, deposit }) => `Listed for ${month(rate)}, with a deposit of ${eng(deposit)}`,
  DatasetUpdated: ({ rate }) => `Terms replaced, now ${month(rate)}`,
  DatasetClosed: () => 'Closed for ever',
  DepositAdded: ({ amount, deposit }) => `${eng(amount)} added to the deposit, now ${eng(deposit)}`,
  DepositWithdrawalRequested: ({ amount, deposit }) => `${eng(amount)} leaves the deposit, now ${eng(deposit)}`,
  DepositWithdrawalCancelled: ({ amount, deposit }) => `${eng(amount)} stays in the deposit, now ${eng(deposit)}`,
  DepositWithdrawalTaken: ({ amount }) => `${eng(amount)} of the deposit taken`,
  Subscribed: ({ rate, end }) => `Subscribed for ${month(rate)}, until ${day(end)}`,
  Renewed: ({ rate, end }) => `Renewed for ${month(rate)}, until ${day(end)}`,
  RenewalSkipped: () => 'Not renewed',
  RenewalLimitChanged: ({ maxRate }) => (maxRate === 0n ? 'Renewals turned off' : `Renewals up to ${month(maxRate)}`),
  Unsubscribed: ({ refund }) => `Cancelled, ${eng(refund)} paid back`,
  RefundClaimed: ({ refund }) => `${eng(refund)} paid back after the closing`,
  TrialStarted: ({ end }) => `Free trial until ${day(end)}`,
  EarningsCollected: ({ amount, fee }) => `Earnings of ${eng(amount)} credited, ${eng(fee)} of it to the pool`,
  TipsEarned: ({ amount }) => `${eng(amount)} earned for renewing`,
}

/** The event in words; its own name where there are none. */
export function describeEvent({ name, args }: { name: string; args: object }): DescribedEvent {
  const values = args as Args
  const account = ['account', 'from', 'renewer', 'curator'].map((key) => values[key]).find((each) => each !== undefined)
  return { text: texts[name]?.(values) ?? name, account: typeof account === 'string' ? account : undefined }
}

function eng(value: unknown): string {
  return typeof value === 'bigint' ? formatEng(value) : '?'
}

function month(value: unknown): string {
  return typeof value === 'bigint' ? `${formatMonthlyPrice(value)} a month` : '?'
}

function day(value: unknown): string {
  return typeof value === 'number' ? formatDate(value) : '?'
}
