/** Deploys the registry of ended grants, with the other contracts or beside those that stand already. */
import { MarketplaceError } from '@enigma/protocol'
import { encodeDeployData, type Hex } from 'viem'
import type { ChainClient } from '../chain-client.ts'
import { grantRegistryAbi, grantRegistryBytecode } from '../generated/grant-registry.ts'
import { sendTransaction } from '../send-transaction.ts'
import type { WriteParameters } from '../types.ts'
import { contractOf } from './contract-of.ts'

/** Deploys a registry and returns its address, in lower case. */
export async function deployGrantRegistry(write: WriteParameters): Promise<Hex> {
  const receipt = await sendTransaction({
    ...write,
    step: 'deploy the grant registry',
    to: undefined,
    data: encodeDeployData({ abi: grantRegistryAbi, bytecode: grantRegistryBytecode }),
  })
  return contractOf(receipt)
}

export type RequireRegistryAtParameters = { publicClient: Pick<ChainClient, 'getCode'>; address: Hex }

/** Throws `setting-invalid` where no registry of ended grants stands at the address: its code is not that of this version. */
export async function requireRegistryAt({ publicClient, address }: RequireRegistryAtParameters): Promise<void> {
  const code = await publicClient.getCode({ address })
  // It has no immutable values: what its creation leaves is the end of what creates it.
  const runtime = code?.slice(2).toLowerCase() ?? ''
  if (runtime.length * 2 > grantRegistryBytecode.length && grantRegistryBytecode.endsWith(runtime)) return
  throw new MarketplaceError({
    code: 'setting-invalid',
    message:
      'There is no grant registry of this version at the address; check it, or leave it out to deploy a new one.',
    details: address,
  })
}
