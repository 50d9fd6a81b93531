/** Ids of datasets on chain, from their paths (DESIGN §1). */
import { encodeAbiParameters, keccak256 } from 'viem'
import type { DatasetPath } from './dataset-path.ts'
import type { Hex } from './schemas.ts'

/** `keccak256(abi.encode(curator, name))`, as the contract computes it. */
export function datasetIdOf({ curator, name }: DatasetPath): Hex {
  return keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'string' }], [curator, name]))
}
