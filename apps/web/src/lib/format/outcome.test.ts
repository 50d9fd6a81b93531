import { expect, test } from 'vitest'
import { type Outcome, tellOutcome } from './outcome.ts'

const eng = 10n ** 18n

test.each<[Outcome, RegExp]>([
  [{ kind: 'subscribe', charge: 2n * eng, endSeconds: 0 }, /^2 ENG were paid/],
  [{ kind: 'renewal', maxRate: 0n }, /does not renew/],
  [
    { kind: 'terms', rate: eng / 2_592_000n, payees: 1, collected: 0n },
    /^The price is 1 ENG a month, paid to one account\.$/,
  ],
  [{ kind: 'terms', rate: eng / 2_592_000n, payees: 3, collected: 5n }, /3 accounts\. 0\.0{17}5 ENG of earnings/],
  [{ kind: 'deposit', amount: eng, deposit: 3n * eng }, /^1 ENG were added; it is 3 ENG now\.$/],
  [{ kind: 'keep-deposit', amount: eng, deposit: 3n * eng }, /count again/],
  [{ kind: 'collect', collected: 100n, fee: 5n, paid: 0n }, /^The dataset had earned/],
  [{ kind: 'collect', collected: eng, fee: 0n, paid: eng + 1n }, /^1\.0{17}1 ENG came to your account\./],
  [{ kind: 'withdraw', paid: 1n }, /^0\.0{17}1 ENG came/],
  [{ kind: 'end-grant' }, /refuse it from this block on/],
  [{ kind: 'end-grants' }, /signs in again/],
])('%o is told with its exact amounts', (outcome, text) => {
  const told = tellOutcome(outcome)
  expect(told.text).toMatch(text)
  expect(told.title).not.toBe('')
})
