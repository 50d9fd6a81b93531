/** Says why a sandboxed run ended badly, in the codes of DESIGN §14, with what the curator can do about it. */
import { type ErrorCode, MarketplaceError } from '@enigma/protocol'
import type { SandboxError } from './sandbox-protocol.ts'

const outOfMemory =
  /out of memory|heap limit|allocation failed|could not allocate|memory allocation of|Invalid string length/i

/** The error for what the script itself threw. */
export function errorOfThrown({ name, message, place }: SandboxError): MarketplaceError {
  const details = `${name}: ${message}${place === undefined ? '' : ` (${place})`}`
  if (name === 'RangeError' && outOfMemory.test(message)) return memoryError(details)
  return new MarketplaceError({
    code: 'script-failed',
    message: 'The curation script threw an error; run it with `enigma script run` and mend it.',
    details,
  })
}

export type ProcessEnd = { exitCode: number | null; signal: string | null; errorText: string }

/** The error for a process that ended without saying that the script was done. */
export function errorOfExit({ exitCode, signal, errorText }: ProcessEnd): MarketplaceError {
  const details = `${signal ?? `exit code ${String(exitCode)}`}${errorText === '' ? '' : `: ${errorText.trim().slice(-600)}`}`
  if (signal === 'SIGXCPU' || exitCode === 128 + 24) return timeoutError(details)
  if (signal === 'SIGKILL' || outOfMemory.test(errorText)) return memoryError(details)
  return new MarketplaceError({
    code: 'script-failed',
    message: 'The curation script ended before its generator did; it must not exit by itself or leave the sandbox.',
    details,
  })
}

/** The error for a run over the manifest's `memoryBytes`. */
function memoryError(details: string): MarketplaceError {
  const message =
    'The curation script ran out of memory; yield rows as they come instead of collecting them, or raise memoryBytes in the manifest.'
  return new MarketplaceError({ code: 'script-memory', message, details })
}

/** The error for a run over the manifest's `timeoutSeconds`. */
export function timeoutError(details: string): MarketplaceError {
  const message =
    'The curation script did not end in time; do less in one run, or raise timeoutSeconds in the manifest.'
  return new MarketplaceError({ code: 'script-timeout', message, details })
}

/** The error for a run that writes more than a run may. */
export function floodError(what: string): MarketplaceError {
  return scriptError('script-flood', `The curation script was stopped because ${what}; make it yield or log less.`)
}

/** An error of one of the script codes. */
export function scriptError(code: ErrorCode, message: string, details?: string): MarketplaceError {
  return new MarketplaceError({ code, message, details })
}
