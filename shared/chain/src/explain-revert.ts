/** Turns what viem, a wallet or the contracts throw into a `MarketplaceError` that says what to do next. */
import { MarketplaceError, type ErrorCode } from '@enigma/protocol'
import {
  BaseError,
  decodeErrorResult,
  formatEther,
  InsufficientFundsError,
  isHex,
  UserRejectedRequestError,
  WaitForTransactionReceiptTimeoutError,
  type ContractErrorArgs,
  type ContractErrorName,
  type Hex,
} from 'viem'
import { engTokenAbi } from './generated/eng-token.ts'
import { grantRegistryAbi } from './generated/grant-registry.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { rateToPrice } from './period.ts'
import { nodeFailed } from './read-error.ts'

type MarketplaceAbi = typeof marketplaceAbi
type Explanation = { code: ErrorCode; message: string }
type Explainers = {
  [Name in ContractErrorName<MarketplaceAbi>]?: (args: ContractErrorArgs<MarketplaceAbi, Name>) => Explanation
}

const eng = (wei: bigint) => `${formatEther(wei)} ENG`
const monthly = (rate: bigint) => `${eng(rateToPrice(rate))} for 30 days`
const utc = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
const explain = (code: ErrorCode, message: string): Explanation => ({ code, message })

const listingExplainers: Explainers = {
  NameNotAllowed: ([name]) =>
    explain('name-invalid', `The name "${name}" is not allowed; use 3 to 31 of a-z, 0-9 and _, first a letter.`),
  RateOutOfRange: ([rate, minRate, maxRate]) =>
    rate < minRate
      ? explain('rate-too-low', `The price of ${monthly(rate)} is below this market's ${monthly(minRate)}; raise it.`)
      : explain('parameter-invalid', `The price of ${monthly(rate)} is above ${monthly(maxRate)}; lower it.`),
  TrialTooLong: ([seconds, limit]) =>
    explain('parameter-invalid', `A trial of ${String(seconds)} s is too long; ${String(limit)} s is the most.`),
  PayeeCountOutOfRange: ([count, limit]) =>
    explain('payouts-invalid', `There are ${String(count)} payees; name 1 to ${String(limit)}.`),
  PayeeNotAllowed: ([payee, shareBps]) =>
    explain(
      'payouts-invalid',
      `The payee ${payee} with ${String(shareBps)} basis points is not allowed; name a real account and a share above 0.`,
    ),
  SharesNotWhole: ([sumBps]) =>
    explain('payouts-invalid', `The shares sum to ${String(sumBps)} basis points; make them sum to 10,000.`),
  DatasetAlreadyRegistered: () =>
    explain('dataset-exists', 'You already listed a dataset under this name, and names are for ever; choose another.'),
  DatasetNotRegistered: () => explain('dataset-unknown', 'No dataset has this path; check the curator and the name.'),
  DatasetIsClosed: ([, closedAt]) =>
    explain('dataset-closed', `The dataset closed for ever at ${utc(closedAt)}; what was not used can be claimed.`),
  DatasetIsOpen: () =>
    explain('transaction-reverted', 'The dataset is open, so there is nothing to claim; unsubscribe instead.'),
  CallerIsNotCurator: ([caller, curator]) =>
    explain('not-curator', `${caller} is not the dataset's curator; send this from ${curator}.`),
  ConfigDoesNotMatch: () =>
    explain('manifest-mismatch', "The given config is not the dataset's present one; read it again and retry."),
}

const depositExplainers: Explainers = {
  AmountIsZero: () => explain('parameter-invalid', 'The amount is zero; give one above zero.'),
  AmountAboveDeposit: ([amount, deposit]) =>
    explain('deposit-too-small', `The deposit is ${eng(deposit)}, less than ${eng(amount)}; ask for less.`),
  DepositTooLow: ([deposit, required]) =>
    explain(
      'deposit-too-small',
      `The curator's deposit of ${eng(deposit)} does not cover the ${eng(required)} that one more subscriber needs; ask the curator to add to it.`,
    ),
  WithdrawalAlreadyRequested: ([maturesAt, lapsesAt]) =>
    explain(
      'transaction-reverted',
      `A withdrawal is under way; take it from ${utc(maturesAt)} until ${utc(lapsesAt)} or cancel it first.`,
    ),
  WithdrawalNotRequested: () =>
    explain('transaction-reverted', 'No withdrawal of the deposit is under way; request one first.'),
  WithdrawalNotMature: ([maturesAt]) =>
    explain('transaction-reverted', `The withdrawal can be taken from ${utc(maturesAt)} on; come back then.`),
  WithdrawalLapsed: ([lapsedAt]) =>
    explain('transaction-reverted', `The withdrawal lapsed at ${utc(lapsedAt)}; request a new one.`),
}

const subscriptionExplainers: Explainers = {
  AlreadySubscribed: ([, , end]) =>
    explain('already-subscribed', `You already subscribe until ${utc(end)}; there is nothing to pay.`),
  NotSubscribed: ([, account]) =>
    explain('no-subscription', `${account} has no running subscription to this dataset; subscribe first.`),
  PriceAboveLimit: ([rate, maxRate]) =>
    explain(
      'price-above-limit',
      `The price is ${monthly(rate)}, above your limit of ${monthly(maxRate)}; raise the limit or leave it.`,
    ),
  TrialNotOffered: () => explain('no-subscription', 'This dataset offers no trial; subscribe or query its sample.'),
  TrialAlreadyUsed: ([, , end]) =>
    explain('already-subscribed', `Your one trial of this dataset ends, or ended, at ${utc(end)}; subscribe to go on.`),
  NothingToWithdraw: ([account]) =>
    explain('funds-missing', `Nothing is credited to ${account}; collect a dataset's earnings first.`),
}

const deploymentExplainers: Explainers = {
  SettingNotAllowed: ([name, value]) =>
    explain('setting-invalid', `The setting ${name} cannot be ${String(value)}; correct it and deploy again.`),
  TokenDecimalsNotSupported: ([decimals]) =>
    explain('setting-invalid', `The token has ${String(decimals)} decimals; the marketplace needs one with 18.`),
  TransferAmountDiffers: ([expected, received]) =>
    explain(
      'setting-invalid',
      `The token delivered ${eng(received)} of ${eng(expected)}; tokens that take a transfer fee cannot be used.`,
    ),
}

const marketplaceExplainers: Explainers = {
  ...listingExplainers,
  ...depositExplainers,
  ...subscriptionExplainers,
  ...deploymentExplainers,
}

/** The explanation of revert data, or undefined when it is none of our contracts' errors. */
function explainRevert(data: Hex): Explanation | undefined {
  return explainMarketplaceRevert(data) ?? explainTokenRevert(data) ?? explainGrantRegistryRevert(data)
}

function explainMarketplaceRevert(data: Hex): Explanation | undefined {
  const decoded = decodeOrUndefined(() => decodeErrorResult({ abi: marketplaceAbi, data }))
  if (decoded === undefined) return undefined
  const explainer = marketplaceExplainers[decoded.errorName]
  return explainer === undefined
    ? explain('transaction-reverted', `The marketplace refused with ${decoded.errorName}; check what you sent.`)
    : // The decoder returns name and arguments of one and the same error, which the type of a table cannot say.
      (explainer as (args: unknown) => Explanation)(decoded.args)
}

function explainTokenRevert(data: Hex): Explanation | undefined {
  const decoded = decodeOrUndefined(() => decodeErrorResult({ abi: engTokenAbi, data }))
  if (decoded === undefined) return undefined
  if (decoded.errorName === 'ERC20InsufficientAllowance') {
    const [, allowance, needed] = decoded.args
    return explain(
      'allowance-missing',
      `The marketplace may take ${eng(allowance)} and needs ${eng(needed)}; approve that amount first.`,
    )
  }
  if (decoded.errorName === 'ERC20InsufficientBalance') {
    const [sender, balance, needed] = decoded.args
    return explain('funds-missing', `${sender} holds ${eng(balance)} and needs ${eng(needed)}; add funds and retry.`)
  }
  return explain('transaction-reverted', `The token refused with ${decoded.errorName}; check what you sent.`)
}

function explainGrantRegistryRevert(data: Hex): Explanation | undefined {
  const decoded = decodeOrUndefined(() => decodeErrorResult({ abi: grantRegistryAbi, data }))
  if (decoded === undefined) return undefined
  if (decoded.errorName === 'GrantAlreadyRevoked') {
    const [account, grantId] = decoded.args
    return explain('grant-revoked', `${account} revoked the grant ${grantId} before; there is nothing left to end.`)
  }
  const [count, limit] = decoded.args
  return explain('parameter-invalid', `There are ${String(count)} grants; name 1 to ${String(limit)} at once.`)
}

function decodeOrUndefined<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch {
    // Selectors of other contracts, Error(string) and empty data have no entry in the ABI.
    return undefined
  }
}

/** The revert data that a node attached anywhere in the chain of causes. */
export function revertDataOf(error: unknown): Hex | undefined {
  let cause: unknown = error
  for (let depth = 0; depth < 16 && typeof cause === 'object' && cause !== null; depth++) {
    const data: unknown = 'data' in cause ? cause.data : undefined
    if (isHex(data) && data.length >= 10) return data
    if (typeof data === 'object' && data !== null && 'data' in data && isHex(data.data)) return data.data
    cause = 'cause' in cause ? cause.cause : undefined
  }
  return undefined
}

/** Turns anything thrown while a transaction is simulated, signed, sent or mined into a `MarketplaceError`. */
export function toChainError(error: unknown): MarketplaceError {
  if (error instanceof MarketplaceError) return error
  const data = revertDataOf(error)
  const explanation = (data === undefined ? undefined : explainRevert(data)) ?? explainWithoutData(error)
  const details = error instanceof BaseError ? error.shortMessage : undefined
  return new MarketplaceError({ ...explanation, details, cause: error })
}

function explainWithoutData(error: unknown): Explanation {
  const has = (kind: abstract new (...args: never[]) => Error) =>
    error instanceof BaseError && error.walk((cause) => cause instanceof kind) !== null
  if (has(UserRejectedRequestError)) {
    return explain('aborted', 'The wallet did not sign, so nothing was sent; try again when you want to.')
  }
  if (has(InsufficientFundsError)) {
    return explain('funds-missing', 'The account has not enough ETH to pay for gas; add some and retry.')
  }
  if (has(WaitForTransactionReceiptTimeoutError)) {
    return explain('timeout', 'The transaction was sent but not mined in time; look at it in your wallet.')
  }
  if (isRevert(error)) {
    return explain('transaction-reverted', 'The contract refused the transaction and gave no reason.')
  }
  return nodeFailed
}

function isRevert(error: unknown): boolean {
  return (
    error instanceof BaseError &&
    error.walk((cause) => cause instanceof Error && /revert/i.test(cause.message)) !== null
  )
}
