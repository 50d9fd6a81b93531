/** Embeds: a wallet-signed grant for named templates, with the templates, as relays keep and serve them. */
import * as v from 'valibot'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { abilities, type Grant, signedGrantSchema } from './grant.ts'
import { limits } from './limits.ts'
import { type Hex, textSchema } from './schemas.ts'
import { templateSchema } from './template.ts'

/**
 * The present revision of an embed; `dataset` is the path of the one that its grant is for, `templates` are all leaves
 * under the grant's templates root, in order.
 */
export const embedSchema = v.strictObject({
  v: v.literal(1),
  dataset: textSchema(80),
  grant: signedGrantSchema,
  templates: v.pipe(
    v.array(templateSchema),
    v.minLength(1),
    v.maxLength(limits.templates),
    v.check((each) => new Set(each.map(({ name }) => name)).size === each.length, 'names a template twice'),
  ),
})
export type Embed = v.InferOutput<typeof embedSchema>

/** Deterministic bytes of an embed. */
export function encodeEmbed(embed: Embed): Uint8Array {
  return encodeCbor(embed)
}

/** Decodes an embed; throws `grant-invalid`. Signature and root are not yet verified. */
export function decodeEmbed(bytes: Uint8Array): Embed {
  return decodeCbor({ bytes, schema: embedSchema, maxBytes: limits.embedBytes, code: 'grant-invalid', what: 'embed' })
}

/** An embed's id names the account that signs it, so that nobody else can take it: account ‖ 12 random bytes. */
export function embedIdOf(root: Hex, random: Uint8Array): Hex {
  if (random.length !== 12) throw new TypeError(`expected 12 random bytes, got ${random.length}`)
  return `${root}${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** The account that an embed's id names. */
export function embedRootOf(id: Hex): Hex {
  return `0x${id.slice(2, 42)}`
}

/** What a revision of an embed is known by: its number, and the EIP-712 hash of its grant. */
export type Revision = { revision: number; hash: Hex }

/**
 * Whether a revision counts in place of another one of the same embed: the higher number, and of one number the lower
 * hash, so that everybody who has seen both goes by the same.
 */
export function outranks(one: Revision, other: Revision): boolean {
  return one.revision > other.revision || (one.revision === other.revision && one.hash < other.hash)
}

/** Whether a revision allows nothing, until a later one does. */
export function isPaused({ permissions }: Pick<Grant, 'permissions'>): boolean {
  return permissions.every((permission) => permission.abilities === 0)
}

/** Whether a grant is for an embed: it allows templates and no SQL of one's own. */
export function isEmbedGrant({ permissions }: Pick<Grant, 'permissions'>): boolean {
  return permissions.every((permission) => (permission.abilities & ~abilities.embed) === 0)
}
