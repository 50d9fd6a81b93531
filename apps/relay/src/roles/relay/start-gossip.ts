/** Announcements between relays by gossip: nothing is passed on that was not verified here first (DESIGN §5). */
import { type GossipSub, type Message, TopicValidatorResult } from '@libp2p/gossipsub'
import { type Announcement, decodeAnnouncement, encodeAnnouncement } from '@enigma/network'
import { announceTopic, type ErrorCode, MarketplaceError } from '@enigma/protocol'

export type Gossip = {
  /** Tells the other relays; they verify on their own. */
  publish: (item: Announcement) => Promise<void>
  stop: () => void
}

export type StartGossipParameters = {
  gossip: Pick<GossipSub, 'topicValidators' | 'subscribe' | 'unsubscribe' | 'publish'>
  /** Verifies and stores. */
  accept: (item: Announcement) => Promise<{ isNew: boolean }>
  onError: (error: unknown) => void
}

/** Codes of items that may be honest, but of another moment: not passed on, and no fault of who did. */
const untimely: readonly ErrorCode[] = ['manifest-mismatch', 'node-record-stale', 'chain-unavailable', 'chain-behind']

/** Joins the topic. */
export function startGossip({ gossip, accept, onError }: StartGossipParameters): Gossip {
  gossip.topicValidators.set(announceTopic, (_peer, message) => judge(message, accept, onError))
  gossip.subscribe(announceTopic)
  return {
    async publish(item) {
      await gossip.publish(announceTopic, encodeAnnouncement(item))
    },
    stop() {
      gossip.unsubscribe(announceTopic)
      gossip.topicValidators.delete(announceTopic)
    },
  }
}

async function judge(
  message: Message,
  accept: StartGossipParameters['accept'],
  onError: (error: unknown) => void,
): Promise<TopicValidatorResult> {
  try {
    const { isNew } = await accept(decodeAnnouncement(message.data))
    return isNew ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore
  } catch (error) {
    if (error instanceof MarketplaceError) {
      return untimely.includes(error.code) ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject
    }
    onError(error)
    return TopicValidatorResult.Ignore
  }
}
