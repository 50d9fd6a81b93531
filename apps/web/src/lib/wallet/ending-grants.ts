/** What ends grants on chain, for ever: one by its id, or every session and embed of the account. */
import {
  bumpGrantEpoch,
  type ChainClient,
  type MarketplaceWallet,
  readGrantEpoch,
  readRevokedGrants,
  revokeGrant,
} from '@enigma/chain'
import type { Hex, NetworkFile } from '@enigma/protocol'
import { requireGas } from './money.ts'
import type { TransactionHooks } from './transactions.ts'

type Sending = TransactionHooks & { walletClient: MarketplaceWallet }

/** What the chain says of an account's grants: those of an older epoch than `epoch` are over, and the revoked ones. */
export type EndedGrants = { epoch: number; revoked: ReadonlySet<Hex> }

export type EndingGrants = {
  read: (account: Hex, ids: readonly Hex[]) => Promise<EndedGrants>
  endOne: (parameters: Sending & { id: Hex }) => Promise<unknown>
  endAll: (parameters: Sending) => Promise<unknown>
}

/** Creates the verbs of one network; they throw `setting-invalid` where it has no registry. */
export function createEndingGrants({
  network,
  publicClient,
}: {
  network: NetworkFile
  publicClient: ChainClient
}): EndingGrants {
  const common = { publicClient, deployment: network }
  const send = async <Parameters extends Sending>(parameters: Parameters) => {
    await requireGas(publicClient, parameters.walletClient.account.address)
    return { ...common, ...parameters }
  }
  return {
    async read(account, ids) {
      const [epoch, revoked] = await Promise.all([
        readGrantEpoch({ ...common, account }),
        readRevokedGrants({ ...common, account, grantIds: ids }),
      ])
      return { epoch, revoked: new Set(revoked) }
    },
    endOne: async ({ id, ...parameters }) => revokeGrant({ ...(await send(parameters)), grantId: id }),
    endAll: async (parameters) => bumpGrantEpoch(await send(parameters)),
  }
}
