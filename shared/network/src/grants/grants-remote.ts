/** `/enigma/grants/1.0.0`, asking side. Embeds are of the right form and of who was asked for; verify them (`verifyEmbed`). */
import {
  decodeCbor,
  decodeEmbed,
  type Embed,
  encodeCbor,
  type Hex,
  limits,
  protocolIds,
  zeroHash,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { callProtocol } from '../framing/call-protocol.ts'
import { unreadable } from '../framing/frame-errors.ts'
import { networkLimits } from '../network-limits.ts'
import { type EmbedLine, embedLinesSchema, grantsAnnounceReplySchema, type GrantsRequest } from './grants-messages.ts'

/** Pages that are read of one relay: a million embeds. */
const maxPages = 2000

type GrantsCall = { connection: Connection; signal?: AbortSignal | undefined }

/** The present revision of an embed as a relay has it; undefined where it knows none. */
export async function fetchEmbed({ id, ...call }: GrantsCall & { id: Hex }): Promise<Embed | undefined> {
  const [embed, ...others] = await fetchEmbeds(call, { kind: 'current', id }, 1)
  if (others.length > 0 || (embed !== undefined && embed.grant.grant.id !== id)) throw otherEmbed()
  return embed
}

/** The embeds of an account as a relay has them. */
export async function fetchEmbedsOf({ account, ...call }: GrantsCall & { account: Hex }): Promise<Embed[]> {
  const embeds = await fetchEmbeds(call, { kind: 'of', account }, limits.embedsPerAccount)
  if (embeds.some(({ grant }) => grant.grant.root !== account)) throw otherEmbed()
  return embeds
}

/** Tells a relay of a revision, which it tells the others; throws why it does not take it. */
export async function announceEmbed({ embed, ...call }: GrantsCall & { embed: Embed }): Promise<{ isNew: boolean }> {
  const [bytes] = await ask(call, { kind: 'announce', embed }, 1)
  if (bytes === undefined) throw unreadable('The relay did not say whether it took the embed.')
  return decodeCbor({ bytes, schema: grantsAnnounceReplySchema, maxBytes: 64, code: 'unreadable', what: 'reply' })
}

/** What a relay says that it has, page by page in the order of ids; whoever goes back in it, or never ends, is left. */
export async function* fetchEmbedLines(call: GrantsCall): AsyncGenerator<readonly EmbedLine[], void, undefined> {
  let after: Hex = zeroHash
  for (let page = 0; page < maxPages; page++) {
    const [bytes] = await ask(call, { kind: 'contents', after }, 1, networkLimits.frameBytes)
    if (bytes === undefined) throw unreadable('The relay did not say what it has.')
    const maxBytes = networkLimits.frameBytes
    const lines = decodeCbor({ bytes, schema: embedLinesSchema, maxBytes, code: 'unreadable', what: 'list of embeds' })
    for (const { id } of lines) {
      if (id <= after) throw unreadable('The relay lists its embeds out of order.')
      after = id
    }
    if (lines.length === 0) return
    yield lines
  }
  throw unreadable('The relay lists more embeds than there can be.')
}

/** Embeds by id, those that the relay has; at most `networkLimits.itemsPerRequest` ids. */
export async function fetchEmbedsById({ ids, ...call }: GrantsCall & { ids: readonly Hex[] }): Promise<Embed[]> {
  const embeds = await fetchEmbeds(call, { kind: 'embeds', ids: [...ids] }, ids.length)
  if (embeds.some(({ grant }) => !ids.includes(grant.grant.id))) throw otherEmbed()
  return embeds
}

async function fetchEmbeds(call: GrantsCall, request: GrantsRequest, most: number): Promise<Embed[]> {
  return (await ask(call, request, most)).map(decodeEmbed)
}

async function ask(
  { connection, signal }: GrantsCall,
  request: GrantsRequest,
  most: number,
  maxFrameBytes: number = limits.embedBytes,
): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = []
  const answer = { connection, protocol: protocolIds.grants, request: encodeCbor(request), maxFrameBytes, signal }
  for await (const frame of callProtocol(answer)) {
    if (frames.length >= most) throw unreadable('The relay sent more than it was asked for.')
    frames.push(frame)
  }
  return frames
}

function otherEmbed() {
  return unreadable('The relay sent another embed than it was asked for.')
}
