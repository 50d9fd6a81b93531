/** Announcements between relays by gossip: nothing is passed on that was not verified here first (DESIGN §5). */
import { type GossipSub, type Message, TopicValidatorResult } from '@libp2p/gossipsub'
import { decodeGossip, encodeGossip, type Gossiped, type RateLimiter } from '@enigma/network'
import { announceTopic, type ErrorCode, MarketplaceError } from '@enigma/protocol'
import type { PeerId } from '@libp2p/interface'

export type Gossip = {
  /** Tells the other relays; they verify on their own. */
  publish: (item: Gossiped) => Promise<void>
  stop: () => void
}

export type StartGossipParameters = {
  gossip: Pick<GossipSub, 'topicValidators' | 'subscribe' | 'unsubscribe' | 'publish'>
  /** Verifies and stores what a sender passed on. */
  accept: (item: Gossiped, sender: string) => Promise<{ isNew: boolean }>
  /** Who shares a limit with the peer. */
  senderOf: (peer: PeerId) => string
  /** Announcements that one sender may pass on; what is over it is neither verified nor passed on. */
  rate: RateLimiter
  onError: (error: unknown) => void
}

/** Codes of items that may be honest, but of another moment: not passed on, and no fault of who did. */
export const untimely: readonly ErrorCode[] = [
  'busy',
  'manifest-mismatch',
  'node-record-stale',
  'chain-unavailable',
  'chain-behind',
  'grant-superseded',
  'grant-expired',
  'no-subscription',
  'limit-too-high',
]

/** Joins the topic. */
export function startGossip({ gossip, accept, senderOf, rate, onError }: StartGossipParameters): Gossip {
  gossip.topicValidators.set(announceTopic, (peer, message) => {
    const sender = senderOf(peer)
    if (!rate.take(sender)) return TopicValidatorResult.Ignore
    return judge(message, (item) => accept(item, sender), onError)
  })
  gossip.subscribe(announceTopic)
  return {
    async publish(item) {
      await gossip.publish(announceTopic, encodeGossip(item))
    },
    stop() {
      gossip.unsubscribe(announceTopic)
      gossip.topicValidators.delete(announceTopic)
    },
  }
}

async function judge(
  message: Message,
  accept: (item: Gossiped) => Promise<{ isNew: boolean }>,
  onError: (error: unknown) => void,
): Promise<TopicValidatorResult> {
  try {
    const { isNew } = await accept(decodeGossip(message.data))
    return isNew ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore
  } catch (error) {
    if (error instanceof MarketplaceError) {
      return untimely.includes(error.code) ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject
    }
    onError(error)
    return TopicValidatorResult.Ignore
  }
}
