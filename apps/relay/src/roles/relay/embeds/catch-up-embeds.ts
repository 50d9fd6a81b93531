/** Anti-entropy of embeds between relays: one that was away asks for the embeds, and the revisions, that it missed. */
import { type EmbedLine, fetchEmbedLines, fetchEmbedsById } from '@enigma/network'
import { embedRootOf, type Hex, limits, protocolIds } from '@enigma/protocol'
import { batchesOf } from '../batches-of.ts'
import { judgeItem, type PeerRounds, type PeerRoundsParameters, type Round, startPeerRounds } from '../peer-rounds.ts'
import { relayLimits } from '../relay-limits.ts'
import type { EmbedDesk } from './embed-desk.ts'

export type CatchUpEmbedsParameters = Pick<PeerRoundsParameters, 'node' | 'onError'> & {
  desk: Pick<EmbedDesk, 'wants' | 'accept'>
}

/** Starts comparing with every relay that connects, and with all of them every few minutes. */
export function startEmbedCatchUp({ node, desk, onError }: CatchUpEmbedsParameters): Pick<PeerRounds, 'stop'> {
  const compareWith = (round: Round) => compare(desk, round, onError)
  return startPeerRounds({ node, protocol: protocolIds.grants, compare: compareWith, onError })
}

async function compare(
  desk: CatchUpEmbedsParameters['desk'],
  round: Round,
  onError: (error: unknown) => void,
): Promise<void> {
  const isNext = createAccountBound()
  for await (const lines of fetchEmbedLines(round)) {
    const ids = lines.filter((line) => desk.wants(line) && isNext(line)).map(({ id }) => id)
    for (const some of batchesOf(ids, relayLimits.catchUpEmbeds)) {
      for (const embed of await fetchEmbedsById({ ...round, ids: some })) {
        await desk.accept(embed, { isAskedFor: true }).catch((error: unknown) => judgeItem(round, error, onError))
      }
    }
  }
}

/** Nobody has more embeds than an account may: whoever lists more of one makes them up. */
function createAccountBound() {
  let account: Hex | undefined
  let left: number = limits.embedsPerAccount
  return ({ id }: EmbedLine): boolean => {
    const root = embedRootOf(id)
    if (root !== account) [account, left] = [root, limits.embedsPerAccount]
    return left-- > 0
  }
}
