/** Words of `/enigma/grants/1.0.0`: the present revision of an embed, by its id or by its account. */
import { addressSchema, embedSchema, hashSchema, limits } from '@enigma/protocol'
import * as v from 'valibot'

export const grantsRequestSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('current'), id: hashSchema }),
  v.strictObject({ kind: v.literal('of'), account: addressSchema }),
  v.strictObject({ kind: v.literal('announce'), embed: embedSchema }),
])
export type GrantsRequest = v.InferOutput<typeof grantsRequestSchema>

export const grantsAnnounceReplySchema = v.strictObject({ isNew: v.boolean() })

/** The most bytes of a request. */
export const maxGrantsRequestBytes = limits.embedBytes + 1024
