/** What speaks against a draft, by field, as sentences that say what to do; none where a step is done. */
import { formatEng, parseEng } from '#lib/format/eng.ts'
import { checkColumns } from './check-columns.ts'
import { type Draft, type PublishStep, shareOf, sumOfShares, tagsOf } from './draft.ts'
import { isIdentifier } from './identifiers.ts'
import { maxKeyedRows } from './limits.ts'

/** What a node asks of the datasets that it takes. Rates in wei per second, amounts in wei. */
export type NodeTerms = {
  peerId: string
  maxBytes: number
  maxRows: number
  minRate: bigint
  minDeposit: bigint
  payee: string
  shareBps: number
  places: number
}

/** What the draft is checked against; undefined while it is not known. */
export type DraftFacts = {
  account: string | undefined
  /** Of the chosen node. */
  terms: NodeTerms | undefined
  /** The market's own, in wei per second. */
  minRate: bigint | undefined
  /** Names that the account has listed already. */
  takenNames: ReadonlySet<string>
}

export type DraftField =
  | 'file'
  | 'columns'
  | 'table'
  | 'name'
  | 'title'
  | 'description'
  | 'licence'
  | 'tags'
  | 'sampleRows'
  | 'trialDays'
  | 'account'
  | 'node'
  | 'price'
  | 'deposit'
  | 'payouts'
export type DraftProblems = Partial<Record<DraftField, string>>

const periodSeconds = 2_592_000n
const maxPayees = 8
const maxTrialDays = 30
const maxSampleRows = 100_000
const controls = /(?![\t\n])\p{Cc}/u

const fieldsOf: Record<PublishStep, readonly DraftField[]> = {
  file: ['file'],
  columns: ['columns', 'table'],
  describe: ['name', 'title', 'description', 'licence', 'tags', 'sampleRows', 'trialDays'],
  price: ['account', 'node', 'price', 'deposit', 'payouts'],
  review: [],
}

/** Every problem of a draft. */
export function checkDraft(draft: Draft, facts: DraftFacts): DraftProblems {
  return { ...checkTable(draft, facts), ...checkWords(draft, facts), ...checkMoney(draft, facts) }
}

/** The problems of one step. */
export function problemsOfStep(problems: DraftProblems, step: PublishStep): DraftProblems {
  return Object.fromEntries(Object.entries(problems).filter(([field]) => fieldsOf[step].includes(field as DraftField)))
}

function checkTable({ file, columns, key, table }: Draft, { terms }: DraftFacts): DraftProblems {
  const problems: DraftProblems = {}
  if (file === undefined) return { file: 'Choose a CSV, JSON or Parquet file.' }
  if (file.rows === 0) problems.file = 'The file holds no rows; choose one with rows.'
  if (terms !== undefined && file.rows > terms.maxRows) {
    problems.file = `The file has ${count(file.rows)} rows, and the chosen node takes at most ${count(terms.maxRows)}; choose another file or node.`
  }
  const { byColumn, table: wrong } = checkColumns(columns, key)
  if (byColumn.size > 0) problems.columns = 'Mend the columns that are marked.'
  else if (wrong !== undefined) problems.columns = wrong
  else if (key.length > 0 && file.rows > maxKeyedRows) {
    problems.columns = `A table with a key has at most ${count(maxKeyedRows)} rows here; leave the key out.`
  }
  if (!isIdentifier(table)) {
    problems.table = 'A table’s name begins with a letter or _, and has only a-z, 0-9 and _, at most 63 characters.'
  }
  return problems
}

function checkWords(draft: Draft, { takenNames }: DraftFacts): DraftProblems {
  const { name, title, description, licence, tags, sampleRows, trialDays } = draft
  const problems: DraftProblems = {
    ...textProblem('title', title.trim(), 120),
    ...textProblem('description', description, 20_000),
    ...textProblem('licence', licence.trim(), 200),
  }
  if (!/^[a-z][a-z0-9_]{2,30}$/.test(name)) {
    problems.name = 'A name has 3 to 31 of a-z, 0-9 and _, and begins with a letter.'
  } else if (takenNames.has(name)) {
    problems.name = 'You have listed a dataset under this name already, and names are for ever; choose another one.'
  }
  if (title.trim() === '') problems.title = 'Give it a title, so that people find it.'
  const list = tagsOf(tags)
  if (list.length > 20) problems.tags = 'At most 20 tags; leave some out.'
  else if (list.some((tag) => tag.length > 40)) problems.tags = 'A tag has at most 40 characters; shorten it.'
  else if (controls.test(tags)) problems.tags = 'Leave out control characters.'
  if (sampleRows.trim() !== '' && !isWhole(sampleRows, 1, maxSampleRows)) {
    problems.sampleRows = `A whole number from 1 to ${count(maxSampleRows)}, or nothing for no sample.`
  }
  if (!isWhole(trialDays, 0, maxTrialDays)) {
    problems.trialDays = `A whole number of days from 0 (no trial) to ${maxTrialDays}.`
  }
  return problems
}

function textProblem(field: DraftField, text: string, maxLength: number): DraftProblems {
  if (text.length > maxLength)
    return { [field]: `At most ${count(maxLength)} characters; there are ${count(text.length)}.` }
  return controls.test(text) ? { [field]: 'Leave out control characters.' } : {}
}

function checkMoney(draft: Draft, { account, terms, minRate }: DraftFacts): DraftProblems {
  const problems: DraftProblems = {}
  if (account === undefined) problems.account = 'Connect the account that is to list the dataset.'
  if (terms === undefined) problems.node = 'Choose a node that serves the dataset.'
  else if (terms.places === 0) problems.node = 'This node has no place for you now; choose another one.'
  const price = parseEng(draft.price)
  const least = terms === undefined || terms.minRate < (minRate ?? 0n) ? (minRate ?? 0n) : terms.minRate
  if (price === undefined) problems.price = 'Give a price in ENG, such as 5 or 12.5.'
  else if (price / periodSeconds < least) {
    problems.price = `At least ${formatEng(roundedUp(least * periodSeconds))} for 30 days are asked for; raise the price.`
  }
  const deposit = parseEng(draft.deposit)
  if (deposit === undefined) problems.deposit = 'Give a deposit in ENG, such as 100.'
  else if (terms !== undefined && deposit < terms.minDeposit) {
    problems.deposit = `The node asks for a deposit of at least ${formatEng(terms.minDeposit)}; raise it.`
  }
  const payouts = payoutProblem(draft, terms)
  if (payouts !== undefined) problems.payouts = payouts
  return problems
}

function payoutProblem({ payouts }: Draft, terms: NodeTerms | undefined): string | undefined {
  if (payouts.length === 0 || payouts.length > maxPayees) return `Name 1 to ${maxPayees} accounts that are paid.`
  for (const [at, { account, percent }] of payouts.entries()) {
    const place = `Line ${at + 1}:`
    if (!/^0x[0-9a-fA-F]{40}$/.test(account.trim())) return `${place} an account is 0x and 40 hexadecimal digits.`
    if (/^0x0{40}$/.test(account.trim())) return `${place} nobody has the account of only zeros.`
    const share = shareOf(percent)
    if (share === undefined || share === 0) return `${place} a share is more than 0 and at most 100, with 2 decimals.`
  }
  const sum = sumOfShares(payouts)
  if (sum !== 10_000) return `The shares sum to ${sum / 100} %; they must sum to 100 %.`
  if (terms === undefined) return undefined
  const paid = sumOfShares(payouts.filter((each) => each.account.trim().toLowerCase() === terms.payee))
  if (paid >= terms.shareBps) return undefined
  return `The chosen node asks that ${terms.shareBps / 100} % go to ${terms.payee}; change the shares.`
}

function isWhole(text: string, least: number, most: number): boolean {
  return /^\d{1,9}$/.test(text.trim()) && Number(text) >= least && Number(text) <= most
}

/** To 4 decimals, so that what is asked for is never less than what is needed. */
function roundedUp(wei: bigint): bigint {
  const unit = 10n ** 14n
  return ((wei + unit - 1n) / unit) * unit
}

function count(value: number): string {
  return value.toLocaleString('en')
}
