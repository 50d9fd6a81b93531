/** Answers of smart accounts about signatures (ERC-1271), remembered for a short while and asked a few at a time. */
import { hash } from 'node:crypto'
import { type ChainReader, verifyContractSignature } from '@enigma/chain'
import type { VerifyContractSignature } from '@enigma/crypto'
import { createConcurrencyLimiter, createRateLimiter } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import { LruMap } from '../lru-map.ts'

export type ContractSignaturesParameters = {
  publicClient: Pick<ChainReader, 'request'>
  /** A monotonic clock. */
  nowMs: () => number
}

/** An account may change its owners: an answer holds no longer. */
const believedMs = 60_000
const remembered = 10_000
/** Calls under way, of one account and of all. */
const calls = { perKey: 4, total: 16 }
/** Calls begun in a second, of all accounts: anybody can name an account and a signature, and the operator pays its node. */
const callsPerSecond = 5
const callsBurst = 50

/** Creates the asker; it throws `busy` where too many are asked at once, and `chain-unavailable`. */
export function createContractSignatures({
  publicClient,
  nowMs,
}: ContractSignaturesParameters): VerifyContractSignature {
  const known = new LruMap<string, { isValid: boolean; atMs: number }>({ maxEntries: remembered })
  const limiter = createConcurrencyLimiter(calls)
  const rate = createRateLimiter({ perSecond: callsPerSecond, burst: callsBurst, nowMs })
  return async ({ account, digest, signature }) => {
    const key = hash('sha256', `${account} ${digest} ${signature}`, 'base64')
    const told = known.get(key)
    if (told !== undefined && nowMs() - told.atMs < believedMs) return told.isValid
    const leave = limiter.enter(account)
    if (leave === undefined) throw tooMany()
    if (!rate.take('all')) {
      leave()
      throw tooMany()
    }
    try {
      const isValid = await verifyContractSignature({ publicClient, account, digest, signature })
      known.set(key, { isValid, atMs: nowMs() })
      return isValid
    } finally {
      leave()
    }
  }
}

function tooMany(): MarketplaceError {
  return new MarketplaceError({
    code: 'busy',
    message: 'Too many signatures of smart accounts are being checked here; try again in a few seconds.',
  })
}
