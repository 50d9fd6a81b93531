/** The verbs of embeds, over a client. */
import type { Embed, Hex } from '@enigma/protocol'
import type { ClientInside } from '../create-marketplace-client.ts'
import { type AskEmbed, createAskEmbed } from './ask-embed.ts'
import { createFindEmbed, type FindEmbed } from './find-embed.ts'
import {
  createEmbed,
  type CreateEmbedParameters,
  listEmbeds,
  reviseEmbed,
  type ReviseEmbedParameters,
} from './manage-embeds.ts'
import { readUsage, type ReadUsageParameters, type ReadUsageReturnType } from './read-usage.ts'

export type Embeds = {
  /** Asks a template of an embed; no wallet, no account. */
  ask: AskEmbed
  /** The present revision of an embed, verified. */
  find: FindEmbed
  /** Has the wallet sign a new embed and tells the relays. */
  create: (parameters: CreateEmbedParameters) => Promise<Embed>
  /** Has the wallet sign a higher revision and tells the relays. */
  revise: (parameters: ReviseEmbedParameters) => Promise<Embed>
  /** What nodes have answered by the account's embeds; told to the account's session only. */
  usage: (parameters: ReadUsageParameters) => Promise<ReadUsageReturnType>
  /** The embeds of an account, as relays have them. */
  of: (parameters: { account: Hex; signal?: AbortSignal | undefined }) => Promise<Embed[]>
}

/**
 * Creates the verbs.
 *
 * @example
 * const embeds = client.extend(createEmbeds)
 * const { rows } = await (await embeds.ask({ grant: '0x…' })).collect()
 */
export function createEmbeds(inside: ClientInside): Embeds {
  const find = createFindEmbed(inside)
  return {
    find,
    ask: createAskEmbed(inside, find),
    create: (parameters) => createEmbed(inside, parameters),
    revise: (parameters) => reviseEmbed(inside, parameters),
    usage: (parameters) => readUsage(inside, parameters),
    of: (parameters) => listEmbeds(inside, parameters),
  }
}
