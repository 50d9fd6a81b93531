/** The id of a gossip message is the hash of its bytes: the same announcement by two ways is one message. */
import { createHash } from 'node:crypto'
import type { Message } from '@libp2p/gossipsub'

/** SHA-256 of the topic and the data. */
export function gossipMessageId({ topic, data }: Message): Uint8Array {
  return createHash('sha256').update(topic).update('\0').update(data).digest()
}
