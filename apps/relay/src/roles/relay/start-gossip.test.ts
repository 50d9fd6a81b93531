import { type GossipSub, TopicValidatorResult } from '@libp2p/gossipsub'
import { createRateLimiter, decodeGossip, encodeGossip } from '@enigma/network'
import { announceTopic, embedTopic, MarketplaceError } from '@enigma/protocol'
import { expect, test } from 'vitest'
import { startGossip } from './start-gossip.ts'

const item = {
  kind: 'manifest',
  signed: { manifest: Uint8Array.of(1), signature: `0x${'11'.repeat(65)}` },
} as const

function setUp(accept: () => Promise<{ isNew: boolean }>) {
  let accepted = 0
  const topicValidators: GossipSub['topicValidators'] = new Map()
  startGossip({
    gossip: { topicValidators, subscribe: () => undefined, unsubscribe: () => undefined, publish: () => expect.fail() },
    ...{ topic: announceTopic, encode: encodeGossip, decode: decodeGossip },
    accept: () => {
      accepted++
      return accept()
    },
    senderOf: String,
    rate: createRateLimiter({ perSecond: 1, burst: 2, nowMs: () => 0 }),
    onError: (error) => expect.fail(String(error)),
  })
  const tell = (peer: string) =>
    topicValidators.get(announceTopic)?.(peer as never, { data: encodeGossip(item) } as never)
  return { tell, accepted: () => accepted }
}

test('what one sender passes on over its rate is not looked at', async () => {
  const { tell, accepted } = setUp(() => Promise.resolve({ isNew: true }))
  const { Accept, Ignore } = TopicValidatorResult
  expect([await tell('one'), await tell('one'), await tell('one'), await tell('two')]).toEqual([
    Accept,
    Accept,
    Ignore,
    Accept,
  ])
  expect(accepted()).toBe(3)
})

test('a record without room is not passed on, and no fault of the sender', async () => {
  const { tell } = setUp(() => Promise.reject(new MarketplaceError({ code: 'busy', message: 'No room.' })))
  expect(await tell('one')).toBe(TopicValidatorResult.Ignore)
})

test('embeds have a topic and a rate of their own: neither keeps the other away', async () => {
  const topicValidators: GossipSub['topicValidators'] = new Map()
  const accepted: string[] = []
  const join = (topic: string) =>
    startGossip({
      gossip: {
        topicValidators,
        subscribe: () => undefined,
        unsubscribe: () => undefined,
        publish: () => expect.fail(),
      },
      ...{ topic, encode: (text: string) => Buffer.from(text), decode: (bytes: Uint8Array) => bytes.toString() },
      accept: () => Promise.resolve({ isNew: accepted.push(topic) > 0 }),
      senderOf: String,
      rate: createRateLimiter({ perSecond: 1, burst: 2, nowMs: () => 0 }),
      onError: (error) => expect.fail(String(error)),
    })
  join(announceTopic)
  join(embedTopic)
  const tell = (topic: string) => topicValidators.get(topic)?.('one' as never, { data: new Uint8Array(1) } as never)
  for (let index = 0; index < 10; index++) await tell(embedTopic)
  expect(await tell(announceTopic)).toBe(TopicValidatorResult.Accept)
  expect(accepted).toEqual([embedTopic, embedTopic, announceTopic])
})
