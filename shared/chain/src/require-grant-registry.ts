/** The registry of a deployment that must have one. */
import { MarketplaceError } from '@enigma/protocol'
import type { Hex } from 'viem'
import type { ContractDeployment } from './types.ts'

/** The address of the deployment's registry; throws `setting-invalid` where it has none. */
export function requireGrantRegistry({ grantRegistry }: ContractDeployment): Hex {
  if (grantRegistry !== undefined) return grantRegistry
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: 'The network file names no grantRegistry, so grants end by time alone here; ask for a newer network file.',
  })
}
