/** What a mined transaction did, and how it is told: the same words live and after a reload. */
import { formatEng, formatMonthlyPrice } from './eng.ts'
import { formatDate, formatDateTime } from './time.ts'

/** As its event says. Amounts in wei, rates in wei per second, times in Unix seconds. */
export type Outcome =
  | { kind: 'subscribe'; charge: bigint; endSeconds: number }
  | { kind: 'cancel'; refund: bigint }
  | { kind: 'trial'; endSeconds: number }
  | { kind: 'renewal'; maxRate: bigint }
  /** The marketplace may take more ENG; what takes it comes next. */
  | { kind: 'allowance'; amount: bigint }
  | { kind: 'register'; deposit: bigint }
  | { kind: 'terms'; rate: bigint; payees: number; collected: bigint }
  | { kind: 'deposit'; amount: bigint; deposit: bigint }
  | { kind: 'request-deposit'; amount: bigint; deposit: bigint; maturesAtSeconds: number; lapsesAtSeconds: number }
  | { kind: 'keep-deposit'; amount: bigint; deposit: bigint }
  | { kind: 'take-deposit'; amount: bigint }
  | { kind: 'close'; closedAtSeconds: number }
  /** `paid`: to the account that collected; `collected`: of all payees, the fee included. */
  | { kind: 'collect'; collected: bigint; fee: bigint; paid: bigint }
  | { kind: 'withdraw'; paid: bigint }
  /** One grant, by its id, or every one that the account has signed. */
  | { kind: 'end-grant' }
  | { kind: 'end-grants' }

type Told = { title: string; text: string }
type Tellers = { [Kind in Outcome['kind']]: (outcome: Extract<Outcome, { kind: Kind }>) => Told }

/** To the last wei where a person compares it with a balance. */
const exact = (wei: bigint) => formatEng(wei, { digits: 18 })
const short = (wei: bigint) => formatEng(wei, { digits: 6 })

const tellers: Tellers = {
  subscribe: ({ charge, endSeconds }) => ({
    title: 'You are subscribed.',
    text: `${short(charge)} were paid, until ${formatDate(endSeconds)}.`,
  }),
  cancel: ({ refund }) => ({ title: 'Cancelled.', text: `${short(refund)} came back to your account.` }),
  trial: ({ endSeconds }) => ({
    title: 'Your trial runs.',
    text: `Until ${formatDate(endSeconds)}, once for each account.`,
  }),
  renewal: ({ maxRate }) => ({
    title: 'The renewal is changed.',
    text:
      maxRate === 0n
        ? 'It ends by itself and does not renew.'
        : `It renews at up to ${formatMonthlyPrice(maxRate)} for 30 days.`,
  }),
  allowance: ({ amount }) => ({
    title: 'The allowance is set.',
    text: `The marketplace may take ${formatEng(amount)} from your account; nothing was paid yet.`,
  }),
  register: ({ deposit }) => ({
    title: 'The dataset is listed.',
    text: `${formatEng(deposit)} are locked as its deposit.`,
  }),
  terms: ({ rate, payees, collected }) => ({
    title: 'The terms are changed.',
    text: `The price is ${formatMonthlyPrice(rate)} a month, paid to ${payees === 1 ? 'one account' : `${payees} accounts`}.${
      collected === 0n ? '' : ` ${exact(collected)} of earnings until now were credited to the payees before.`
    }`,
  }),
  deposit: ({ amount, deposit }) => ({
    title: 'The deposit has grown.',
    text: `${exact(amount)} were added; it is ${short(deposit)} now.`,
  }),
  'request-deposit': ({ amount, deposit, maturesAtSeconds, lapsesAtSeconds }) => ({
    title: 'The withdrawal is on its way.',
    text: `${exact(amount)} count no more; ${short(deposit)} stay. Take them from ${formatDateTime(maturesAtSeconds)} until ${formatDateTime(lapsesAtSeconds)}.`,
  }),
  'keep-deposit': ({ amount, deposit }) => ({
    title: 'The withdrawal is given up.',
    text: `${exact(amount)} count again; the deposit is ${short(deposit)}.`,
  }),
  'take-deposit': ({ amount }) => ({
    title: 'The deposit is yours again.',
    text: `${exact(amount)} came back to your account.`,
  }),
  close: ({ closedAtSeconds }) => ({
    title: 'The dataset is closed for ever.',
    text: `Since ${formatDateTime(closedAtSeconds)} nobody has access; each subscriber gets the unused rest back. What was earned until then can still be collected, and the deposit taken out.`,
  }),
  collect: ({ collected, fee, paid }) => ({
    title: paid === 0n ? 'The earnings are credited.' : 'You are paid.',
    text: `${paid === 0n ? '' : `${exact(paid)} came to your account. `}The dataset had earned ${exact(collected)}; ${exact(fee)} of it went to the reward pool.`,
  }),
  withdraw: ({ paid }) => ({ title: 'You are paid.', text: `${exact(paid)} came to your account.` }),
  'end-grant': () => ({ title: 'The embed is ended for ever.', text: 'Nodes refuse it from this block on.' }),
  'end-grants': () => ({
    title: 'All sessions and embeds are ended.',
    text: 'Nodes refuse them from this block on. The wallet signs in again when you ask next; an embed comes back where you sign it again.',
  }),
}

/** What happened, and the exact amounts. */
export function tellOutcome(outcome: Outcome): Told {
  // A table's teller and the outcome are of one kind, which the type of the table cannot say.
  const tell = tellers[outcome.kind] as (given: Outcome) => Told
  return tell(outcome)
}
