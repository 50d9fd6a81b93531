/** The closed union of error codes and the one error class of the marketplace (DESIGN §14). */

/** Codes that a relay or node sends in clear text before it can seal: the client only tries another path. */
export const transportCodes = ['unreadable', 'busy', 'no-route', 'version-mismatch'] as const

/** Codes that a persistence node seals to the asker. */
export const queryCodes = [
  'request-expired',
  'request-from-future',
  'wrong-chain',
  'wrong-audience',
  'signature-invalid',
  'replayed',
  'grant-invalid',
  'grant-expired',
  'grant-widened',
  'grant-revoked',
  'grant-superseded',
  'grant-paused',
  'template-unknown',
  'no-subscription',
  'subscription-ended',
  'chain-behind',
  'chain-unavailable',
  'clock-skew',
  'unconfirmed',
  'dataset-unknown',
  'snapshot-unknown',
  'sql-refused',
  'parameter-invalid',
  'limit-too-high',
  'rate-limited',
  'sample-limited',
  'too-slow',
  'too-large',
  'engine-failed',
] as const

/** Codes for records that travel between nodes: manifests, node records, snapshots, acceptances. */
export const recordCodes = [
  'manifest-invalid',
  'manifest-mismatch',
  'node-record-invalid',
  'node-record-stale',
  'snapshot-invalid',
  'snapshot-stranger',
  'not-accepted',
] as const

/** Codes for contract verbs. */
export const chainCodes = [
  'name-invalid',
  'payouts-invalid',
  'rate-too-low',
  'dataset-exists',
  'dataset-closed',
  'deposit-too-small',
  'allowance-missing',
  'funds-missing',
  'price-above-limit',
  'already-subscribed',
  'not-curator',
  'transaction-reverted',
] as const

/** Codes for curation scripts. */
export const scriptCodes = [
  'script-failed',
  'script-timeout',
  'script-memory',
  'script-flood',
  'host-refused',
  'rows-invalid',
] as const

/** Codes that arise in the client or a command itself. */
export const clientCodes = [
  'no-relay',
  'no-node',
  'no-session',
  'grant-unknown',
  'answer-invalid',
  'receipt-invalid',
  'timeout',
  'aborted',
  'client-failed',
  'setting-invalid',
] as const

/** Every code there is. */
export const errorCodes = [
  ...transportCodes,
  ...queryCodes,
  ...recordCodes,
  ...chainCodes,
  ...scriptCodes,
  ...clientCodes,
] as const

export type TransportCode = (typeof transportCodes)[number]
export type QueryCode = (typeof queryCodes)[number]
export type ErrorCode = (typeof errorCodes)[number]

export type MarketplaceErrorOptions = {
  code: ErrorCode
  /** One sentence: what happened and what to do next. */
  message: string
  /** Facts for the reader, such as the position in the SQL; never a secret. */
  details?: string | undefined
  cause?: unknown
}

/** The error that every public function throws; `code` is from the closed union. */
export class MarketplaceError extends Error {
  override readonly name = 'MarketplaceError'
  readonly code: ErrorCode
  readonly shortMessage: string
  readonly details: string | undefined

  constructor({ code, message, details, cause }: MarketplaceErrorOptions) {
    super(details === undefined ? message : `${message}\nDetails: ${details}`, cause === undefined ? {} : { cause })
    this.code = code
    this.shortMessage = message
    this.details = details
  }

  /** The README section that explains this code. */
  get docsPath(): string {
    return `docs/errors.md#${this.code}`
  }

  /** Walks the causes and returns the first that `matches`, or the deepest one. */
  walk(matches: (error: unknown) => boolean = () => false): unknown {
    return matches(this) ? this : (walkCauses(this.cause, matches) ?? this)
  }
}

function walkCauses(first: unknown, matches: (error: unknown) => boolean): unknown {
  let error = first
  for (let depth = 0; depth < 32; depth++) {
    if (!(error instanceof Error) || error.cause === undefined || matches(error)) break
    error = error.cause
  }
  return error
}

/** A refusal as data on the wire: the code and one sentence, at most 1,000 characters each. */
export type Refusal = { code: ErrorCode; message: string; details?: string }

/** Turns a refusal into the error that a client throws. */
export function refusalToError(refusal: Refusal): MarketplaceError {
  return new MarketplaceError(refusal)
}

/** Turns any error into a refusal; what is not ours becomes `fallback` without its text, which may hold internals. */
export function errorToRefusal(error: unknown, fallback: ErrorCode): Refusal {
  if (!(error instanceof MarketplaceError)) {
    return { code: fallback, message: 'The node failed while it handled this request; try again or ask another node.' }
  }
  const refusal: Refusal = { code: error.code, message: error.shortMessage.slice(0, 1000) }
  return error.details === undefined ? refusal : { ...refusal, details: error.details.slice(0, 1000) }
}
