/** A relay's embeds: kept, served, told to the other relays by a topic of their own, and caught up with. */
import type { DatabaseSync } from 'node:sqlite'
import { handleGrants } from '@enigma/network'
import { decodeEmbed, type Embed, embedTopic, encodeEmbed } from '@enigma/protocol'
import type { Libp2p } from '@libp2p/interface'
import { gossipSenders } from '../gossip-senders.ts'
import { relayLimits } from '../relay-limits.ts'
import { startGossip, type StartGossipParameters } from '../start-gossip.ts'
import { startEmbedCatchUp } from './catch-up-embeds.ts'
import { createEmbedDesk, type EmbedDesk, type EmbedDeskParts } from './embed-desk.ts'
import { createEmbedStore } from './embed-store.ts'

export type StartEmbedsParts = Omit<EmbedDeskParts, 'store'> & {
  node: Libp2p
  gossip: StartGossipParameters<Embed>['gossip']
  /** Opened with `relayMigrations`. */
  database: DatabaseSync
  onError: (error: unknown) => void
}

export type RelayEmbeds = Pick<EmbedDesk, 'embedOf'> & { stop: () => Promise<void> }

/** Begins to serve and to learn of embeds. */
export async function startEmbeds(parts: StartEmbedsParts): Promise<RelayEmbeds> {
  const { node, database, deployment, nowMs, onError } = parts
  const desk = createEmbedDesk({ ...parts, store: createEmbedStore({ database, deployment }) })
  const { embedGossipPerSecond: perSecond, embedGossipBurst: burst } = relayLimits
  const gossip = startGossip<Embed>({
    ...{ gossip: parts.gossip, topic: embedTopic, encode: encodeEmbed, decode: decodeEmbed, onError },
    ...gossipSenders({ node, perSecond, burst, nowMs }),
    accept: (embed) => desk.accept(embed),
  })
  const catchUp = startEmbedCatchUp({ node, desk, onError })
  const accept = async (embed: Embed) => {
    const { isNew } = await desk.accept(embed)
    if (isNew) await gossip.publish(embed)
    return { isNew }
  }
  const server = await handleGrants({ host: node, embeds: { ...desk, accept }, onError })
  return {
    embedOf: desk.embedOf,
    async stop() {
      gossip.stop()
      await Promise.all([catchUp.stop(), server.stop()])
    },
  }
}
