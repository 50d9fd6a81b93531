/** The decoding worker under the page's policy: the one script address that Trusted Types let through is this build's own. */
import address from './answer-decoder.worker.ts?worker&url'

type Policy = { createScriptURL: (url: string) => string }
type PolicyFactory = { createPolicy: (name: string, rules: Policy) => Policy }

const rules: Policy = { createScriptURL: (url) => url }
/** A policy's name is taken once. */
let policy: Policy | undefined

/** Starts the worker; throws where the page may have none. */
export function createDecodeWorker(): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory }
  policy ??= trustedTypes?.createPolicy('enigma-worker', rules) ?? rules
  return new Worker(policy.createScriptURL(address), { type: 'module', name: 'enigma-decoder' })
}
