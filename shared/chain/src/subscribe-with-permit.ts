/** Subscribes with one signature and one transaction: an ERC-2612 permit instead of an approval. */
import { MarketplaceError } from '@enigma/protocol'
import { encodeFunctionData, parseSignature, size, type Hex } from 'viem'
import { toChainError } from './explain-revert.ts'
import { engTokenAbi } from './generated/eng-token.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { planSubscription } from './plan-subscription.ts'
import { sendTransaction } from './send-transaction.ts'
import { subscribe, type SubscribeParameters, type SubscribeReturnType } from './subscribe.ts'
import { toSubscribeResult } from './subscribe-result.ts'

export type SubscribeWithPermitParameters = SubscribeParameters
export type SubscribeWithPermitReturnType = SubscribeReturnType

const permitSeconds = 1200
const permitTypes = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const

/**
 * The default way to subscribe. Signs nothing extra when the present allowance covers it; a wallet that cannot sign as
 * a plain account gets `signature-invalid` and takes `subscribe`.
 */
export async function subscribeWithPermit(
  parameters: SubscribeWithPermitParameters,
): Promise<SubscribeWithPermitReturnType> {
  const { deployment, dataset, walletClient } = parameters
  const plan = await planSubscription({ ...parameters, account: walletClient.account.address })
  if (plan.newAllowance === undefined) return await subscribe(parameters)
  const deadline = BigInt(plan.nowSeconds + permitSeconds)
  const { r, s, v } = splitSignature(await signPermit(parameters, plan.newAllowance, deadline))
  const args = [dataset, plan.maxRate, plan.autoRenew, plan.newAllowance, deadline, v, r, s] as const
  const receipt = await sendTransaction({
    ...parameters,
    step: 'subscribe',
    to: deployment.marketplace,
    data: encodeFunctionData({ abi: marketplaceAbi, functionName: 'subscribeWithPermit', args }),
  })
  return toSubscribeResult({ receipt, marketplace: deployment.marketplace })
}

async function signPermit(parameters: SubscribeParameters, value: bigint, deadline: bigint): Promise<Hex> {
  const { publicClient, walletClient, deployment, onProgress } = parameters
  const token = { address: deployment.token, abi: engTokenAbi } as const
  const owner = walletClient.account.address
  try {
    const [[, name, version, chainId, verifyingContract], nonce] = await Promise.all([
      publicClient.readContract({ ...token, functionName: 'eip712Domain' }),
      publicClient.readContract({ ...token, functionName: 'nonces', args: [owner] }),
    ])
    onProgress?.({ stage: 'signing', step: 'permit' })
    await parameters.beforeSigning?.({ step: 'permit' })
    return await walletClient.signTypedData({
      account: walletClient.account,
      domain: { name, version, chainId: Number(chainId), verifyingContract },
      types: permitTypes,
      primaryType: 'Permit',
      message: { owner, spender: deployment.marketplace, value, nonce, deadline },
    })
  } catch (error) {
    throw toChainError(error)
  }
}

function splitSignature(signature: Hex): { r: Hex; s: Hex; v: number } {
  if (size(signature) !== 65) {
    throw new MarketplaceError({
      code: 'signature-invalid',
      message: 'This wallet does not sign permits; subscribe with an approval instead.',
    })
  }
  const { r, s, yParity } = parseSignature(signature)
  return { r, s, v: 27 + yParity }
}
