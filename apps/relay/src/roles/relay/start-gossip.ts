/** What relays tell each other by gossip: nothing is passed on that was not verified here first (DESIGN §5). */
import { type GossipSub, type Message, TopicValidatorResult } from '@libp2p/gossipsub'
import type { RateLimiter } from '@enigma/network'
import { type ErrorCode, MarketplaceError } from '@enigma/protocol'
import type { PeerId } from '@libp2p/interface'

export type Gossip<Item> = {
  /** Tells the other relays; they verify on their own. */
  publish: (item: Item) => Promise<void>
  stop: () => void
}

export type StartGossipParameters<Item> = {
  gossip: Pick<GossipSub, 'topicValidators' | 'subscribe' | 'unsubscribe' | 'publish'>
  topic: string
  encode: (item: Item) => Uint8Array
  /** Throws a `MarketplaceError` for what nobody may pass on. */
  decode: (bytes: Uint8Array) => Item
  /** Verifies and stores what a sender passed on. */
  accept: (item: Item, sender: string) => Promise<{ isNew: boolean }>
  /** Who shares a limit with the peer. */
  senderOf: (peer: PeerId) => string
  /** Items of this topic that one sender may pass on; what is over it is neither verified nor passed on. */
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
export function startGossip<Item>(parameters: StartGossipParameters<Item>): Gossip<Item> {
  const { gossip, topic, encode, decode, accept, senderOf, rate, onError } = parameters
  gossip.topicValidators.set(topic, (peer, message) => {
    const sender = senderOf(peer)
    if (!rate.take(sender)) return TopicValidatorResult.Ignore
    return judge(message, (data) => accept(decode(data), sender), onError)
  })
  gossip.subscribe(topic)
  return {
    async publish(item) {
      await gossip.publish(topic, encode(item))
    },
    stop() {
      gossip.unsubscribe(topic)
      gossip.topicValidators.delete(topic)
    },
  }
}

async function judge(
  message: Message,
  accept: (data: Uint8Array) => Promise<{ isNew: boolean }>,
  onError: (error: unknown) => void,
): Promise<TopicValidatorResult> {
  try {
    const { isNew } = await accept(message.data)
    return isNew ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore
  } catch (error) {
    if (error instanceof MarketplaceError) {
      return untimely.includes(error.code) ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject
    }
    onError(error)
    return TopicValidatorResult.Ignore
  }
}
