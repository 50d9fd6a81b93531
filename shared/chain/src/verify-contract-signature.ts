/** Whether a smart account says that a signature is its own (ERC-1271): one call, bounded in gas and time. */
import { MarketplaceError } from '@enigma/protocol'
import type { Hex } from 'viem'
import type { ChainReader } from './chain-reader.ts'
import { nodeFailed } from './read-error.ts'

export type VerifyContractSignatureParameters = {
  publicClient: Pick<ChainReader, 'request'>
  account: Hex
  /** 32 bytes that were signed. */
  digest: Hex
  signature: Hex
}

/** bytes4(keccak256("isValidSignature(bytes32,bytes)")), which is also what a valid one is answered with. */
const magic = '1626ba7e'
/** Room for several owners and for a P-256 check in Solidity. */
const gas = 2_000_000
const timeoutMs = 4_000
/** JSON-RPC codes of a call that the contract refused (EIP-1474, and what clients use for a revert). */
const revertCodes: readonly unknown[] = [3, -32_015]
/** Clients use this one for a revert, and for what is wrong with themselves. */
const anyFailure = -32_000
const refusal = /revert|out ?of ?gas/i
/** What a client of Ethereum says of a call that used up its gas, under whichever code. */
const outOfGas = /out ?of ?gas/i

/**
 * False where the account has no code, refuses, or answers anything else; throws `chain-unavailable` where its node does
 * not answer in a few seconds.
 */
export async function verifyContractSignature(parameters: VerifyContractSignatureParameters): Promise<boolean> {
  const { publicClient, account, digest, signature } = parameters
  const bytes = signature.slice(2)
  const length = (bytes.length / 2).toString(16).padStart(64, '0')
  const padded = bytes.padEnd(Math.ceil(bytes.length / 64) * 64, '0')
  const data: Hex = `0x${magic}${digest.slice(2)}${'40'.padStart(64, '0')}${length}${padded}`
  const call = { to: account, data, gas: `0x${gas.toString(16)}` as const }
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new MarketplaceError(nodeFailed)), timeoutMs)
  try {
    const asked = publicClient.request({ method: 'eth_call', params: [call, 'latest'] })
    const answer: unknown = await Promise.race([asked, timeout.promise])
    return answer === `0x${magic.padEnd(64, '0')}`
  } catch (error) {
    if (isRefusal(error)) return false
    throw error instanceof MarketplaceError ? error : new MarketplaceError({ ...nodeFailed, cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/** Of what viem throws, the refusal stands somewhere below. */
function isRefusal(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (outOfGas.test(at.message)) return true
    if (!('code' in at)) continue
    if (revertCodes.includes(at.code) || (at.code === anyFailure && refusal.test(at.message))) return true
  }
  return false
}
