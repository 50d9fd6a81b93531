/** Deploys the contracts; the same code serves the demo and a real chain. */
import { MarketplaceError } from '@enigma/protocol'
import { encodeDeployData, erc20Abi, type Hex } from 'viem'
import { toChainError } from '../explain-revert.ts'
import { engTokenAbi, engTokenBytecode } from '../generated/eng-token.ts'
import { marketplaceAbi, marketplaceBytecode } from '../generated/marketplace.ts'
import type { MarketplaceSettings } from '../read-settings.ts'
import { sendTransaction } from '../send-transaction.ts'
import type { ContractDeployment, WriteParameters } from '../types.ts'
import { contractOf } from './contract-of.ts'
import { deployGrantRegistry } from './deploy-grant-registry.ts'

const none = '0x0000000000000000000000000000000000000000'

/** The ENG token: one that exists, or holders for a new one (development chains) with their amounts in wei. */
export type TokenChoice = { address: Hex } | { holders: readonly { account: Hex; amount: bigint }[] }

export type DeployMarketplaceParameters = Omit<WriteParameters, 'deployment'> & {
  token: TokenChoice
  settings: Omit<MarketplaceSettings, 'token'>
}
export type DeployMarketplaceReturnType = ContractDeployment & { grantRegistry: Hex }

/**
 * Deploys the token when none is given, then the marketplace and the registry of ended grants; throws `setting-invalid`
 * for unfit tokens or settings.
 */
export async function deployMarketplace(parameters: DeployMarketplaceParameters): Promise<DeployMarketplaceReturnType> {
  const chainId = await parameters.publicClient.getChainId()
  const write = { ...parameters, deployment: { chainId, token: none, marketplace: none, deploymentBlock: 0 } } as const
  const token = 'address' in parameters.token ? parameters.token.address : await deployToken(write, parameters.token)
  await requireFitToken(parameters, token)
  const settings = { ...parameters.settings, token }
  const receipt = await sendTransaction({
    ...write,
    step: 'deploy the marketplace',
    to: undefined,
    data: encodeDeployData({ abi: marketplaceAbi, bytecode: marketplaceBytecode, args: [settings] }),
  })
  return {
    chainId,
    token: token.toLowerCase() as Hex,
    marketplace: contractOf(receipt),
    grantRegistry: await deployGrantRegistry(write),
    deploymentBlock: Number(receipt.blockNumber),
  }
}

async function deployToken(write: WriteParameters, { holders }: Extract<TokenChoice, { holders: unknown }>) {
  const args = [holders.map(({ account }) => account), holders.map(({ amount }) => amount)] as const
  const receipt = await sendTransaction({
    ...write,
    step: 'deploy the token',
    to: undefined,
    data: encodeDeployData({ abi: engTokenAbi, bytecode: engTokenBytecode, args }),
  })
  return contractOf(receipt)
}

/** The constructor refuses other decimals too; asking first tells a missing contract from a wrong one. */
async function requireFitToken({ publicClient }: DeployMarketplaceParameters, token: Hex): Promise<void> {
  const code = await publicClient.getCode({ address: token })
  if (code === undefined) throw unfitToken(`There is no contract at ${token}`)
  const decimals = await publicClient
    .readContract({ address: token, abi: erc20Abi, functionName: 'decimals' })
    .catch((error: unknown) => {
      throw toChainError(error)
    })
  if (decimals !== 18) throw unfitToken(`The token at ${token} has ${String(decimals)} decimals`)
}

function unfitToken(fact: string): MarketplaceError {
  return new MarketplaceError({
    code: 'setting-invalid',
    message: `${fact}; name an ERC-20 token with 18 decimals.`,
  })
}
